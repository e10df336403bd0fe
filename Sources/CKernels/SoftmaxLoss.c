// Cross-entropy with a label and divergence from a teacher over one row of logits, with the gradient, from the two log-sum-exps.
// logits, teacher (n). KL(t || p) = sum t (zt - zs) - lse(zt) + lse(zs).
#include <math.h>

#include "CKernels.h"
#include "Vector.h"

/// The maximum of z (n).
LETHE_INLINE float maximum(const float *z, size_t n) {
    floats v, most = (floats){} - INFINITY;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        load(&v, z + j);
        most = __builtin_elementwise_max(most, v);
    }
    if (j < n) {
        load_part(&v, z + j, n - j, -INFINITY);
        most = __builtin_elementwise_max(most, v);
    }
    return max_lanes(&most);
}

/// The sum of e^(z - top).
LETHE_INLINE float exponential_sum(const float *z, size_t n, float top) {
    floats v, total = {};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        load(&v, z + j);
        v -= top;
        exponential(&v);
        total += v;
    }
    if (j < n) {
        load_part(&v, z + j, n - j, -INFINITY);
        v -= top;
        exponential(&v);
        total += v;
    }
    return sum_lanes(&total);
}

LETHE_KERNEL struct lethe_loss_row lethe_softmax_loss(float *logits, size_t n, int32_t label, float label_weight,
                                                      const float *teacher, float teacher_weight) {
    struct lethe_loss_row loss = {0, 0};
    const float own_label_weight = label >= 0 ? label_weight : 0;
    const float top = maximum(logits, n), sum = exponential_sum(logits, n, top);
    const float at_label = label >= 0 ? logits[label] : 0;
    if (label >= 0) loss.label_loss = log((double)sum) - ((double)at_label - (double)top);
    const float weight = own_label_weight + (teacher ? teacher_weight : 0);
    const float factor = weight / sum;
    floats s, t;
    size_t j = 0;
    if (teacher) {
        const float teacher_top = maximum(teacher, n), teacher_sum = exponential_sum(teacher, n, teacher_top);
        const float teacher_factor = 1.0f / teacher_sum;
        floats p, q, total = {};
        for (; j < n; j += LANES) {
            const size_t m = n - j < LANES ? n - j : LANES;
            if (m == LANES) {
                load(&s, logits + j);
                load(&t, teacher + j);
            } else {
                load_part(&s, logits + j, m, -INFINITY);
                load_part(&t, teacher + j, m, -INFINITY);
            }
            // Both relative to their maxima: the difference stays small where the mass lies.
            p = s - top;
            q = t - teacher_top;
            floats difference = q - p;
            exponential(&p);
            exponential(&q);
            q *= teacher_factor;
            if (m < LANES)
                for (size_t k = m; k < LANES; k++) difference[k] = 0;
            total += q * difference;
            p = factor * p - teacher_weight * q;
            if (m == LANES) store(&p, logits + j);
            else store_part(&p, logits + j, m);
        }
        loss.teacher_loss = (double)sum_lanes(&total) - log((double)teacher_sum) + log((double)sum);
    } else {
        for (; j + LANES <= n; j += LANES) {
            load(&s, logits + j);
            s -= top;
            exponential(&s);
            s *= factor;
            store(&s, logits + j);
        }
        if (j < n) {
            load_part(&s, logits + j, n - j, -INFINITY);
            s -= top;
            exponential(&s);
            s *= factor;
            store_part(&s, logits + j, n - j);
        }
    }
    if (label >= 0) logits[label] -= label_weight;
    return loss;
}
