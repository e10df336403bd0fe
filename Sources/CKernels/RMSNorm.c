// Root mean square norm: no mean is taken away, no bias is added. x, out, gradients (rows, width); weight (width); inverse (rows).
#include <math.h>

#include "CKernels.h"
#include "Vector.h"

LETHE_KERNEL void lethe_rms_norm_forward(const float *x, const float *weight, float *out, float *inverse, size_t rows,
                                         size_t width, float epsilon) {
    for (size_t i = 0; i < rows; i++, x += width, out += width) {
        floats v, total = {};
        size_t j = 0;
        for (; j + LANES <= width; j += LANES) {
            load(&v, x + j);
            total += v * v;
        }
        if (j < width) {
            load_part(&v, x + j, width - j, 0);
            total += v * v;
        }
        const float factor = 1.0f / sqrtf(sum_lanes(&total) / (float)width + epsilon);
        inverse[i] = factor;
        for (j = 0; j < width; j++) out[j] = x[j] * factor * weight[j];
    }
}

LETHE_KERNEL void lethe_rms_norm_backward(const float *x, const float *weight, const float *inverse,
                                          const float *out_gradient, const float *residual, float *x_gradient,
                                          float *weight_gradient, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, x += width, out_gradient += width, x_gradient += width) {
        const float factor = inverse[i];
        floats v, w, g, total = {};
        size_t j = 0;
        for (; j + LANES <= width; j += LANES) {
            load(&v, x + j);
            load(&w, weight + j);
            load(&g, out_gradient + j);
            total += v * w * g;
        }
        if (j < width) {
            load_part(&v, x + j, width - j, 0);
            load_part(&w, weight + j, width - j, 0);
            load_part(&g, out_gradient + j, width - j, 0);
            total += v * w * g;
        }
        const float mean = sum_lanes(&total) / (float)width * factor * factor * factor;
        if (weight_gradient)
            for (j = 0; j < width; j++) weight_gradient[j] += out_gradient[j] * x[j] * factor;
        if (residual) {
            for (j = 0; j < width; j++)
                x_gradient[j] = residual[j] + (factor * weight[j] * out_gradient[j] - mean * x[j]);
            residual += width;
        } else {
            for (j = 0; j < width; j++) x_gradient[j] = factor * weight[j] * out_gradient[j] - mean * x[j];
        }
    }
}
