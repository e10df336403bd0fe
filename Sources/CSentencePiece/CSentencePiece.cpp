#include "CSentencePiece.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

// No exception may leave this file: every entry point runs its body through `guarded`.

struct lethe_sentencepiece {
    sentencepiece::SentencePieceProcessor processor;
};

namespace {

char *copied(const char *text) {
    char *copy = static_cast<char *>(std::malloc(std::strlen(text) + 1));
    return copy == nullptr ? nullptr : std::strcpy(copy, text);
}

lethe_sentencepiece_result failed(const char *message) { return {nullptr, 0, copied(message)}; }

template <typename Element>
lethe_sentencepiece_result made(const Element *elements, size_t count) {
    void *bytes = std::malloc(count * sizeof(Element) + 1);
    if (bytes == nullptr) return failed("out of memory");
    if (count > 0) std::memcpy(bytes, elements, count * sizeof(Element));
    return {bytes, count, nullptr};
}

template <typename Body>
lethe_sentencepiece_result guarded(Body body) {
    try {
        return body();
    } catch (const std::exception &error) {
        return failed(error.what());
    } catch (...) {
        return failed("unknown failure");
    }
}

/// The caller's sentences, one at a time.
class Sentences : public sentencepiece::SentenceIterator {
 public:
    Sentences(const uint8_t *text, const size_t *ends, size_t count) : text_(text), ends_(ends), count_(count) { load(); }
    bool done() const override { return index_ >= count_; }
    void Next() override {
        ++index_;
        load();
    }
    const std::string &value() const override { return value_; }
    sentencepiece::util::Status status() const override { return {}; }

 private:
    void load() {
        if (done()) return;
        const size_t start = index_ == 0 ? 0 : ends_[index_ - 1];
        value_.assign(reinterpret_cast<const char *>(text_) + start, ends_[index_] - start);
    }

    const uint8_t *text_;
    const size_t *ends_;
    size_t count_;
    size_t index_ = 0;
    std::string value_;
};

}  // namespace

void lethe_sentencepiece_result_free(lethe_sentencepiece_result result) {
    std::free(result.bytes);
    std::free(result.message);
}

void lethe_sentencepiece_message_free(char *message) { std::free(message); }

lethe_sentencepiece *lethe_sentencepiece_load(const uint8_t *bytes, size_t count, char **message) {
    *message = nullptr;
    lethe_sentencepiece *loaded = nullptr;
    const auto result = guarded([&] {
        auto model = std::make_unique<lethe_sentencepiece>();
        const auto status =
            model->processor.LoadFromSerializedProto({reinterpret_cast<const char *>(bytes), count});
        if (!status.ok()) return failed(status.error_message());
        loaded = model.release();
        return made<uint8_t>(nullptr, 0);
    });
    *message = result.message;
    std::free(result.bytes);
    return loaded;
}

void lethe_sentencepiece_free(lethe_sentencepiece *model) { delete model; }

int32_t lethe_sentencepiece_piece_count(const lethe_sentencepiece *model) { return model->processor.GetPieceSize(); }

int32_t lethe_sentencepiece_piece_id(const lethe_sentencepiece *model, const uint8_t *piece, size_t count) {
    const std::string_view wanted(reinterpret_cast<const char *>(piece), count);
    const int id = model->processor.PieceToId({wanted.data(), wanted.size()});
    return model->processor.IdToPiece(id) == wanted ? id : -1;
}

const char *lethe_sentencepiece_piece(const lethe_sentencepiece *model, int32_t id, size_t *count) {
    if (id < 0 || id >= model->processor.GetPieceSize()) return nullptr;
    const std::string &piece = model->processor.IdToPiece(id);
    *count = piece.size();
    return piece.data();
}

lethe_sentencepiece_result lethe_sentencepiece_encode(const lethe_sentencepiece *model, const uint8_t *text, size_t count) {
    return guarded([&] {
        std::vector<int> ids;
        const auto status = model->processor.Encode({reinterpret_cast<const char *>(text), count}, &ids);
        if (!status.ok()) return failed(status.error_message());
        return made(ids.data(), ids.size());
    });
}

lethe_sentencepiece_result lethe_sentencepiece_decode(const lethe_sentencepiece *model, const int32_t *ids, size_t count) {
    return guarded([&] {
        std::string text;
        const auto status = model->processor.Decode(std::vector<int>(ids, ids + count), &text);
        if (!status.ok()) return failed(status.error_message());
        return made(text.data(), text.size());
    });
}

lethe_sentencepiece_result lethe_sentencepiece_train(
    const uint8_t *text, const size_t *ends, size_t sentence_count, int32_t vocabulary_size, const char *symbols) {
    return guarded([&] {
        const std::unordered_map<std::string, std::string> options = {
            {"model_type", "unigram"},
            {"vocab_size", std::to_string(vocabulary_size)},
            {"hard_vocab_limit", "false"},  // a small corpus gives fewer pieces instead of an error
            {"character_coverage", "1.0"},
            {"normalization_rule_name", "nmt_nfkc"},
            {"pad_id", "0"},
            {"eos_id", "1"},
            {"unk_id", "2"},
            {"bos_id", "-1"},
            {"pad_piece", "<pad>"},
            {"eos_piece", "</s>"},
            {"unk_piece", "<unk>"},
            {"user_defined_symbols", symbols},
            {"max_sentence_length", "1048576"},
            {"num_threads", "1"},
            {"minloglevel", "3"},
        };
        Sentences sentences(text, ends, sentence_count);
        std::string model;
        const auto status = sentencepiece::SentencePieceTrainer::Train(options, &sentences, &model);
        if (!status.ok()) return failed(status.error_message());
        return made(model.data(), model.size());
    });
}
