// The sum of word, position and token type embeddings, LayerNorm and dropout.
#include <algorithm>

#include "columnSums.h"
#include "dropout.h"
#include "op.h"
#include "ops.h"
#include "residualNorm.h"

namespace contrafit {

namespace {

class Embeddings {
 public:
  static Signature signature() {
    return {"ContrafitEmbeddings",
            {"words: float", "positions: float", "token_types: float", "norm_weight: float", "norm_bias: float",
             "ids: int32", "dropout_key: int32"},
            {"y: float", "kept: int32"},
            {"epsilon: float", "rate: float"}};
  }

  explicit Embeddings(const Attributes& attributes)
      : epsilon_(attributes.number("epsilon")), rate_(attributes.number("rate")) {}

  void run(Call& call) const {
    Scratch scratch;
    // Of words, positions and, where there are any, token types: [tables, tokens].
    const int64_t tables = call.length(5, 0), tokens = call.length(5, 1), width = call.length(0, 1);
    const int32_t* ids = call.integers(5);
    call.require(tables == 2 || tables == 3, "ids of two or three tables");
    for (int64_t table = 0; table < tables; table++) {
      const int64_t rows = call.length(static_cast<int>(table), 0);
      for (int64_t token = 0; token < tokens; token++) {
        const int32_t id = ids[table * tokens + token];
        call.require(id >= 0 && id < rows, "ids of rows that the embeddings have");
      }
    }
    Layout layout(call.opaque(1, Layout::units<float>(tokens * width) + Layout::units<float>(tokens)));
    float* normalised = layout.array<float>(tokens * width);
    float* inverse = layout.array<float>(tokens);
    float* y = call.output(0, {tokens, width});
    float* sums = scratch.array<float>(tokens * width);
    const Norm norm{call.floats(3), call.floats(4), epsilon_};
    const Dropout dropout(call.integers(6), rate_);
#pragma omp parallel for schedule(static)
    for (int64_t token = 0; token < tokens; token++) {
      const int64_t start = token * width;
      float* sum = sums + start;
      std::fill(sum, sum + width, 0.0f);
      for (int64_t table = 0; table < tables; table++) {
        const float* row = call.floats(static_cast<int>(table)) + ids[table * tokens + token] * width;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) sum[i] += row[i];
      }
      normaliseRow(sum, width, norm, normalised + start, inverse + token, y + start);
      if (!dropout.active()) continue;
#pragma omp simd
      for (int64_t i = 0; i < width; i++) y[start + i] *= dropout.factor(static_cast<uint32_t>(start + i));
    }
  }

 private:
  float epsilon_;
  float rate_;
};

class EmbeddingsGradient {
 public:
  static Signature signature() {
    return {"ContrafitEmbeddingsGradient",
            {"words: float", "positions: float", "token_types: float", "upstream: float", "norm_weight: float",
             "ids: int32", "dropout_key: int32", "kept: int32"},
            {"words_gradient: float", "positions_gradient: float", "token_types_gradient: float",
             "norm_weight_gradient: float", "norm_bias_gradient: float"},
            {"rate: float"}};
  }

  explicit EmbeddingsGradient(const Attributes& attributes) : rate_(attributes.number("rate")) {}

  void run(Call& call) const {
    Scratch scratch;
    const int64_t tables = call.length(5, 0), tokens = call.length(5, 1), width = call.length(0, 1);
    const int32_t* ids = call.integers(5);
    Layout layout(const_cast<int32_t*>(call.integers(7)));
    const float* normalised = layout.array<float>(tokens * width);
    const float* inverse = layout.array<float>(tokens);
    const float* upstream = call.floats(3);
    const float* weight = call.floats(4);
    const Dropout dropout(call.integers(6), rate_);
    float* gradient = scratch.array<float>(tokens * width);
    float* const sums[2] = {call.output(3, {width}), call.output(4, {width})};
    columnSums(tokens, width, sums, scratch, [&](int64_t token, float* partial) {
      const int64_t start = token * width;
      float* above = gradient + start;
      const bool drops = dropout.active();
#pragma omp simd
      for (int64_t i = 0; i < width; i++) {
        above[i] = upstream[start + i] * (drops ? dropout.factor(static_cast<uint32_t>(start + i)) : 1.0f);
        partial[i] += above[i] * normalised[start + i];
        partial[width + i] += above[i];
      }
      normRowGradient(above, normalised + start, inverse[token], weight, width, above);
    });
    for (int table = 0; table < 3; table++) {
      float* result = call.outputLike(table, table);
      std::fill(result, result + call.size(table), 0.0f);
      if (table >= tables) continue;
      for (int64_t token = 0; token < tokens; token++) {
        float* row = result + ids[table * tokens + token] * width;
        const float* own = gradient + token * width;
#pragma omp simd
        for (int64_t i = 0; i < width; i++) row[i] += own[i];
      }
    }
  }

 private:
  float rate_;
};

}  // namespace

void defineEmbeddings() {
  defineOp<Embeddings>();
  defineOp<EmbeddingsGradient>();
}

}  // namespace contrafit
