#ifndef LETHE_CSENTENCEPIECE_H
#define LETHE_CSENTENCEPIECE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded vocabulary. It never changes, and every function that takes a const pointer may be called from many threads.
typedef struct lethe_sentencepiece lethe_sentencepiece;

/// What a function made, or why it failed: exactly one of `bytes` and `message` is set. Give it to
/// `lethe_sentencepiece_result_free`. `count` counts elements of `bytes`: ids (int32_t) or characters (uint8_t).
typedef struct {
    void *bytes;
    size_t count;
    char *message;
} lethe_sentencepiece_result;

void lethe_sentencepiece_result_free(lethe_sentencepiece_result result);

/// Loads a serialized model; NULL, with `*message` to be freed by `lethe_sentencepiece_message_free`, where it is none.
lethe_sentencepiece *lethe_sentencepiece_load(const uint8_t *bytes, size_t count, char **message);
void lethe_sentencepiece_free(lethe_sentencepiece *model);
void lethe_sentencepiece_message_free(char *message);

int32_t lethe_sentencepiece_piece_count(const lethe_sentencepiece *model);

/// The id of exactly this piece, or -1.
int32_t lethe_sentencepiece_piece_id(const lethe_sentencepiece *model, const uint8_t *piece, size_t count);

/// The text of a piece; it lives as long as the model. NULL for an id that does not exist.
const char *lethe_sentencepiece_piece(const lethe_sentencepiece *model, int32_t id, size_t *count);

/// The ids (int32_t) of a text, which may be any bytes.
lethe_sentencepiece_result lethe_sentencepiece_encode(const lethe_sentencepiece *model, const uint8_t *text, size_t count);

/// The text (uint8_t) of ids, all of which must exist.
lethe_sentencepiece_result lethe_sentencepiece_decode(const lethe_sentencepiece *model, const int32_t *ids, size_t count);

/// Trains a unigram vocabulary with T5's ids (0 <pad>, 1 </s>, 2 <unk>) and returns the serialized model (uint8_t).
///
/// The sentences lie one after the other in `text`; sentence i ends at `ends[i]`. `symbols` is a comma-separated list of
/// pieces that are always kept whole, NUL-terminated. One thread, no sampling: the same input gives the same bytes.
lethe_sentencepiece_result lethe_sentencepiece_train(
    const uint8_t *text, const size_t *ends, size_t sentence_count, int32_t vocabulary_size, const char *symbols);

#ifdef __cplusplus
}
#endif

#endif
