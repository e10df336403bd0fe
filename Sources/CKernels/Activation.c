// Activations of the feed-forward layer. in (rows, width), or gated (rows, 2 * width): the activated half first.
#include <math.h>

#include "CKernels.h"
#include "Vector.h"

LETHE_KERNEL void lethe_rectify_forward(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] = x[i] > 0 ? x[i] : 0;
}

LETHE_KERNEL void lethe_rectify_backward(const float *out, float *gradient, size_t n) {
    for (size_t i = 0; i < n; i++) gradient[i] = out[i] > 0 ? gradient[i] : 0;
}

/// y = 1 / (1 + e^-x)
LETHE_INLINE void sigmoid(const floats *x, floats *y) {
    floats e = -*x;
    exponential(&e);
    *y = 1.0f / (1.0f + e);
}

/// value = act(x) and slope = act'(x).
LETHE_INLINE void activate(const floats *in, floats *value, floats *slope, int kind) {
    const floats x = *in;
    if (kind == LETHE_RELU) {
        *value = __builtin_elementwise_max(x, (floats){});
        for (size_t k = 0; k < LANES; k++) (*slope)[k] = x[k] > 0 ? 1.0f : 0.0f;
    } else if (kind == LETHE_SILU) {
        floats s;
        sigmoid(&x, &s);
        *value = x * s;
        *slope = s * (1.0f + x * (1.0f - s));
    } else if (kind == LETHE_GELU_NEW) {
        // 0.5 x (1 + tanh u) = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3)
        floats s, u = 1.5957691216f * (x + 0.044715f * (x * x * x));
        sigmoid(&u, &s);
        *value = x * s;
        *slope = s + x * s * (1.0f - s) * 1.5957691216f * (1.0f + 0.134145f * (x * x));
    } else {
        for (size_t k = 0; k < LANES; k++) {
            const float normal = 0.5f * (1.0f + erff(x[k] * 0.70710678f));
            (*value)[k] = x[k] * normal;
            (*slope)[k] = normal + x[k] * 0.39894228f * expf(-0.5f * x[k] * x[k]);
        }
    }
}

LETHE_KERNEL void lethe_activation_forward(const float *in, float *out, size_t rows, size_t width, int kind, int gated) {
    const size_t stride = gated ? 2 * width : width;
    for (size_t i = 0; i < rows; i++, in += stride, out += width) {
        for (size_t j = 0; j < width; j += LANES) {
            const size_t n = width - j < LANES ? width - j : LANES;
            floats x, value, slope, gate;
            load_part(&x, in + j, n, 0);
            activate(&x, &value, &slope, kind);
            if (gated) {
                load_part(&gate, in + width + j, n, 0);
                value *= gate;
            }
            store_part(&value, out + j, n);
        }
    }
}

LETHE_KERNEL void lethe_activation_backward(const float *in, const float *out_gradient, float *in_gradient, size_t rows,
                                            size_t width, int kind, int gated) {
    const size_t stride = gated ? 2 * width : width;
    for (size_t i = 0; i < rows; i++, in += stride, in_gradient += stride, out_gradient += width) {
        for (size_t j = 0; j < width; j += LANES) {
            const size_t n = width - j < LANES ? width - j : LANES;
            floats x, value, slope, gate, g;
            load_part(&x, in + j, n, 0);
            load_part(&g, out_gradient + j, n, 0);
            activate(&x, &value, &slope, kind);
            if (gated) {
                load_part(&gate, in + width + j, n, 0);
                value *= g;
                store_part(&value, in_gradient + width + j, n);
                g *= gate;
            }
            g *= slope;
            store_part(&g, in_gradient + j, n);
        }
    }
}
