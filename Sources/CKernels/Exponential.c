#include "CKernels.h"
#include "Vector.h"

LETHE_KERNEL void lethe_exponential(const float *in, float *out, size_t n) {
    floats v;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        load(&v, in + i);
        exponential(&v);
        store(&v, out + i);
    }
    if (i < n) {
        load_part(&v, in + i, n - i, 0);
        exponential(&v);
        store_part(&v, out + i, n - i);
    }
}
