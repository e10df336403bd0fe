// AdamW with decoupled decay, operation by operation as PyTorch's single-tensor form. weights, gradient, first, second (n).
#include <math.h>

#include "CKernels.h"
#include "Vector.h"

// Every operation rounds by itself, so that the bits do not depend on whether the processor can fuse them.
#pragma STDC FP_CONTRACT OFF

LETHE_KERNEL void lethe_adamw_step(float *weights, const float *gradient, float *first, float *second, size_t n,
                                   const struct lethe_adamw *constants) {
    const struct lethe_adamw c = *constants;
    floats w, g, m, v;
    for (size_t i = 0; i < n; i += LANES) {
        const size_t count = n - i < LANES ? n - i : LANES;
        if (count == LANES) {
            load(&w, weights + i);
            load(&g, gradient + i);
            load(&m, first + i);
            load(&v, second + i);
        } else {
            load_part(&w, weights + i, count, 0);
            load_part(&g, gradient + i, count, 0);
            load_part(&m, first + i, count, 0);
            load_part(&v, second + i, count, 0);
        }
        w *= c.decay;
        m += (g - m) * c.one_minus_beta1;
        v = v * c.beta2 + g * g * c.one_minus_beta2;
        floats root = __builtin_elementwise_sqrt(v);
        floats denominator = root / c.root_correction + c.epsilon;
        w -= c.step_size * (m / denominator);
        if (count == LANES) {
            store(&w, weights + i);
            store(&m, first + i);
            store(&v, second + i);
        } else {
            store_part(&w, weights + i, count);
            store_part(&m, first + i, count);
            store_part(&v, second + i, count);
        }
    }
}
