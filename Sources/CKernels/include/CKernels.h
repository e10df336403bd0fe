// Fused elementwise kernels of the training engine.
//
// Every function is a pure function of its arguments; sums run in one fixed order, so a result depends neither on threads nor on
// how work was cut. Matrices are row-major float32. On x86-64 each kernel exists three times (baseline, AVX2, AVX-512) and the
// loader picks one at start. The Swift file of the same name in LetheTensor/Kernels has the plain reference of each.
#ifndef LETHE_CKERNELS_H
#define LETHE_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

// Exponential.c

/// out (n) = e to the in (n); below -87.33 exactly 0.
void lethe_exponential(const float *in, float *out, size_t n);

// Softmax.c

/// scores (rows, columns) become probabilities in place; row i adds bias[j - i] (bias may be NULL) and sees all columns,
/// or, when causal, columns 0 to i.
void lethe_softmax_forward(float *scores, size_t rows, size_t columns, const float *bias, int causal);

/// gradient (rows, columns) turns from that of the probabilities into that of the scores, in place; bias_gradient[j - i]
/// (may be NULL) grows by it.
void lethe_softmax_backward(const float *probabilities, float *gradient, size_t rows, size_t columns,
                            float *bias_gradient, int causal);

// RMSNorm.c

/// out (rows, width) = x * inverse * weight, inverse (rows) = 1 / sqrt(mean(x * x) + epsilon).
void lethe_rms_norm_forward(const float *x, const float *weight, float *out, float *inverse, size_t rows, size_t width,
                            float epsilon);

/// x_gradient (rows, width) = residual (rows, width; may be NULL) + the norm's input gradient;
/// weight_gradient (width; may be NULL) grows.
void lethe_rms_norm_backward(const float *x, const float *weight, const float *inverse, const float *out_gradient,
                             const float *residual, float *x_gradient, float *weight_gradient, size_t rows, size_t width);

// Activation.c

enum lethe_activation { LETHE_RELU = 0, LETHE_GELU = 1, LETHE_GELU_NEW = 2, LETHE_SILU = 3 };

/// x (n) = max(x, 0) in place.
void lethe_rectify_forward(float *x, size_t n);
/// gradient (n) = 0 where out (n) is 0.
void lethe_rectify_backward(const float *out, float *gradient, size_t n);
/// out (rows, width) = act(in (rows, width)), or, gated, act(in[:, :width]) * in[:, width:] with in (rows, 2 * width).
void lethe_activation_forward(const float *in, float *out, size_t rows, size_t width, int kind, int gated);
/// in_gradient (shape of in) from out_gradient (rows, width).
void lethe_activation_backward(const float *in, const float *out_gradient, float *in_gradient, size_t rows, size_t width,
                               int kind, int gated);

// Embedding.c

/// out (n, width) = the rows ids (n) of table.
void lethe_gather(const float *table, const int32_t *ids, float *out, size_t n, size_t width);
/// table (first to end, width) grows by the rows of gradient (n, width) whose ids lie there, in order.
void lethe_scatter(float *table, const int32_t *ids, const float *gradient, size_t n, size_t width, int32_t first,
                   int32_t end);

// SoftmaxLoss.c

/// What one row's loss is made of.
struct lethe_loss_row {
    double label_loss;    // -log p(label), 0 without a label
    double teacher_loss;  // KL(softmax(teacher) || p), 0 without a teacher
};

/// One row: logits (n) are read and become the gradient of
/// label_weight * -log p(label) + teacher_weight * KL(softmax(teacher) || p). label < 0: none. teacher (n) may be NULL.
struct lethe_loss_row lethe_softmax_loss(float *logits, size_t n, int32_t label, float label_weight, const float *teacher,
                                         float teacher_weight);

// AdamW.c

struct lethe_adamw {
    float beta1, beta2;               // decay of the moments
    float one_minus_beta1, one_minus_beta2;
    float decay;                      // 1 - learning rate * weight decay
    float step_size;                  // learning rate / (1 - beta1^t)
    float root_correction;            // sqrt(1 - beta2^t)
    float epsilon;
};

/// One AdamW step on n weights, in PyTorch's order of operations.
void lethe_adamw_step(float *weights, const float *gradient, float *first, float *second, size_t n,
                      const struct lethe_adamw *constants);

// Dropout.c

/// The random bits of a stream's element: SplitMix64 of the index's upper bits, one half per element.
uint32_t lethe_random_bits(uint64_t key, uint64_t index);
/// out (n) = in * scale where bits(key, first + i) >= threshold, else 0. in and out may be the same.
void lethe_dropout(const float *in, float *out, size_t n, uint64_t key, uint64_t first, uint32_t threshold, float scale);

// BFloat16Product.c

/// A matrix as a product reads it: element (i, j) at start[i * row_stride + j * column_stride]; one of the strides is 1.
struct lethe_operand {
    const float *start;
    size_t row_stride, column_stride;
};

/// value rounded to bfloat16, to nearest with ties to even; below the least normal number it is zero.
uint16_t lethe_bf16(float value);
/// Whether the processor multiplies pairs of bfloat16 by itself.
int lethe_bf16_is_native(void);
/// out (m, n) (+)= scale * a (m, k) b (k, n), operands rounded to bfloat16, sums in float32 in the order that the file states.
/// portable: the plain loop even where the processor could do it; the bits are the same.
void lethe_bf16_product(struct lethe_operand a, struct lethe_operand b, float *out, size_t out_stride, size_t m, size_t n,
                        size_t k, float scale, int accumulate, int portable);

// Arithmetic.c

/// out (n) += in (n)
void lethe_add(float *out, const float *in, size_t n);
/// out (n) (+)= the sum of count vectors at in, in + stride, ..., added in that order.
void lethe_sum_rows(float *out, const float *in, size_t n, size_t count, size_t stride, int accumulate);
/// weights (rows, columns) += scale * b (rows, rank) a (rank, columns), summed in double and rounded once.
void lethe_low_rank_update(const float *weights, const float *a, const float *b, float *out, size_t rows, size_t columns,
                           size_t rank, double scale);

#endif
