// Rows of a table by token id, and the sum of gradients back into them. table (vocabulary, width); ids (n); out, gradient (n, width).
#include "CKernels.h"
#include "Vector.h"

void lethe_gather(const float *table, const int32_t *ids, float *out, size_t n, size_t width) {
    for (size_t i = 0; i < n; i++) memcpy(out + i * width, table + (size_t)ids[i] * width, width * sizeof(float));
}

LETHE_KERNEL void lethe_scatter(float *table, const int32_t *ids, const float *gradient, size_t n, size_t width,
                                int32_t first, int32_t end) {
    for (size_t i = 0; i < n; i++) {
        if (ids[i] < first || ids[i] >= end) continue;
        float *row = table + (size_t)ids[i] * width;
        const float *g = gradient + i * width;
        for (size_t j = 0; j < width; j++) row[j] += g[j];
    }
}
