// Sums of buffers and the merge of a low-rank update.
#include "CKernels.h"
#include "Vector.h"

LETHE_KERNEL void lethe_add(float *out, const float *in, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] += in[i];
}

LETHE_KERNEL void lethe_sum_rows(float *out, const float *in, size_t n, size_t count, size_t stride, int accumulate) {
    if (!accumulate) memset(out, 0, n * sizeof(float));
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < n; i++) out[i] += in[k * stride + i];
}

// Products in double are exact and sums round one by one, so that the bits are the same on every processor.
#pragma STDC FP_CONTRACT OFF

LETHE_KERNEL void lethe_low_rank_update(const float *weights, const float *a, const float *b, float *out, size_t rows,
                                        size_t columns, size_t rank, double scale) {
    enum { BLOCK = 64 };
    for (size_t i = 0; i < rows; i++) {
        for (size_t first = 0; first < columns; first += BLOCK) {
            const size_t n = columns - first < BLOCK ? columns - first : BLOCK;
            double sum[BLOCK] = {0};
            for (size_t k = 0; k < rank; k++)
                for (size_t j = 0; j < n; j++)
                    sum[j] += (double)b[i * rank + k] * (double)a[k * columns + first + j];
            for (size_t j = 0; j < n; j++) {
                const size_t index = i * columns + first + j;
                out[index] = (float)((double)weights[index] + scale * sum[j]);
            }
        }
    }
}
