// Softmax of attention scores with the relative position bias, and its backward. One row: maximum, exponentials and their sum,
// division. scores, probabilities, gradient (rows, columns); bias and bias_gradient are indexed by column - row.
#include <math.h>

#include "CKernels.h"
#include "Vector.h"

/// row (n) += bias (n; may be NULL), then softmax in place.
LETHE_INLINE void softmax_row(float *row, const float *bias, size_t n) {
    floats v, b, most, total;
    most = (floats){} - INFINITY;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        load(&v, row + j);
        if (bias) {
            load(&b, bias + j);
            v += b;
            store(&v, row + j);
        }
        most = __builtin_elementwise_max(most, v);
    }
    if (j < n) {
        load_part(&v, row + j, n - j, -INFINITY);
        if (bias) {
            load_part(&b, bias + j, n - j, 0);
            v += b;
            store_part(&v, row + j, n - j);
        }
        most = __builtin_elementwise_max(most, v);
    }
    const float top = max_lanes(&most);
    total = (floats){};
    for (j = 0; j + LANES <= n; j += LANES) {
        load(&v, row + j);
        v -= top;
        exponential(&v);
        store(&v, row + j);
        total += v;
    }
    if (j < n) {
        load_part(&v, row + j, n - j, -INFINITY);
        v -= top;
        exponential(&v);
        store_part(&v, row + j, n - j);
        total += v;
    }
    const float factor = 1.0f / sum_lanes(&total);
    for (j = 0; j < n; j++) row[j] *= factor;
}

LETHE_KERNEL void lethe_softmax_forward(float *scores, size_t rows, size_t columns, const float *bias, int causal) {
    for (size_t i = 0; i < rows; i++) {
        float *row = scores + i * columns;
        const size_t n = causal && i + 1 < columns ? i + 1 : columns;
        softmax_row(row, bias ? bias - (ptrdiff_t)i : NULL, n);
        for (size_t j = n; j < columns; j++) row[j] = 0;
    }
}

LETHE_KERNEL void lethe_softmax_backward(const float *probabilities, float *gradient, size_t rows, size_t columns,
                                         float *bias_gradient, int causal) {
    for (size_t i = 0; i < rows; i++) {
        const float *p = probabilities + i * columns;
        float *g = gradient + i * columns;
        const size_t n = causal && i + 1 < columns ? i + 1 : columns;
        floats a, b, total = {};
        size_t j = 0;
        for (; j + LANES <= n; j += LANES) {
            load(&a, p + j);
            load(&b, g + j);
            total += a * b;
        }
        if (j < n) {
            load_part(&a, p + j, n - j, 0);
            load_part(&b, g + j, n - j, 0);
            total += a * b;
        }
        const float mean = sum_lanes(&total);
        for (j = 0; j < n; j++) g[j] = p[j] * (g[j] - mean);
        for (j = n; j < columns; j++) g[j] = 0;
        if (bias_gradient) {
            float *d = bias_gradient - (ptrdiff_t)i;
            for (j = 0; j < n; j++) d[j] += g[j];
        }
    }
}
