// The first half of a transformer layer: LayerNorm(x + dropout(softmax(q·kᵀ/√w)·v·Wᵀ + b)), on packed tokens: texts
// follow one another without padding (Vaswani et al. 2017, arXiv:1706.03762).
#include <algorithm>
#include <cmath>

#include "columnSums.h"
#include "dropout.h"
#include "lanes.h"
#include "op.h"
#include "ops.h"
#include "product.h"
#include "residualNorm.h"
#include "smallProduct.h"

namespace contrafit {

namespace {

/** The texts of a batch and which of their tokens ask. */
struct Texts {
  /** Where each text's tokens begin, and the end of the last, [texts + 1]. */
  const int32_t* offsets;
  int64_t count;
  /** Whether only the first token of each text is a query. */
  bool firstOnly;
  /** The longest text's tokens. */
  int64_t longest;

  Texts(const int32_t* offsets, int64_t count, bool firstOnly)
      : offsets(offsets), count(count), firstOnly(firstOnly), longest(0) {
    for (int64_t text = 0; text < count; text++) longest = std::max<int64_t>(longest, length(text));
  }
  /** Whether there is a text, each has a token, and together they have `tokens`. */
  bool cover(int64_t tokens) const {
    bool filled = count > 0 && offsets[0] == 0 && offsets[count] == tokens;
    for (int64_t text = 0; text < count; text++) filled = filled && length(text) > 0;
    return filled;
  }
  int64_t tokens() const { return offsets[count]; }
  int64_t length(int64_t text) const { return offsets[text + 1] - offsets[text]; }
  int64_t queries() const { return firstOnly ? count : tokens(); }
  int64_t queriesOf(int64_t text) const { return firstOnly ? 1 : length(text); }
  int64_t firstQuery(int64_t text) const { return firstOnly ? text : offsets[text]; }
};

/** What the backward pass needs, in one opaque tensor. */
template <class T>
struct Kept {
  /** [queries, width] */
  T* query;
  /** Key and value side by side, [tokens, 2 · width]. */
  T* keyValue;
  /** The heads' results, [queries, width]. */
  T* context;
  Normalised normalised;

  Kept(int32_t* memory, const Texts& texts, int64_t width) {
    Layout layout(memory);
    query = layout.array<T>(texts.queries() * width);
    keyValue = layout.array<T>(texts.tokens() * 2 * width);
    context = layout.array<T>(texts.queries() * width);
    normalised = {layout.array<float>(texts.queries() * width), layout.array<float>(texts.queries())};
  }
  static int64_t units(const Texts& texts, int64_t width) {
    return 2 * Layout::units<T>(texts.queries() * width) + Layout::units<T>(texts.tokens() * 2 * width) +
           Layout::units<float>(texts.queries() * width) + Layout::units<float>(texts.queries());
  }
};

/** What all heads share. */
struct Shape {
  int64_t width;
  int64_t heads;
  int64_t headWidth() const { return width / heads; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(headWidth())); }
};

/**
 * One head of one text, in float32. Rows are padded with zeros to multiples of `lanes`, queries with rows of zeros: what
 * belongs to different queries is computed side by side.
 */
struct Head {
  int64_t keys;
  int64_t queries;
  int64_t width;
  /** The width and the number of queries, padded. */
  int64_t stride;
  int64_t queryStride;
  /** Index of its first attention probability among all, for dropout. */
  uint32_t firstProbability;
  /** The keys of the longest text: how far a query's probabilities are from the next one's. */
  uint32_t probabilityStride;
  /** [queryStride, stride], scaled by 1/√width */
  float* query;
  /** [stride, queryStride] */
  float* queryAcross;
  /** [keys, stride] */
  float* key;
  float* value;
  /** [keys, queryStride] */
  float* probabilities;

  static int64_t numbers(const Texts& texts, const Shape& shape) {
    const int64_t stride = padded(shape.headWidth()), asking = padded(texts.firstOnly ? 1 : texts.longest);
    return 2 * asking * stride + 2 * texts.longest * stride + texts.longest * asking;
  }

  /** Index of a key's first probability, that of query `query`, for dropout. */
  uint32_t probability(int64_t query, int64_t key) const {
    return firstProbability + static_cast<uint32_t>(query) * probabilityStride + static_cast<uint32_t>(key);
  }
};

template <class T>
void copyRow(const T* from, int64_t count, int64_t stride, float scale, float* to) {
#pragma omp simd
  for (int64_t i = 0; i < count; i++) to[i] = toFloat(from[i]) * scale;
  for (int64_t i = count; i < stride; i++) to[i] = 0;
}

/** Copies one head's part of what belongs to a text's queries, and pads it. */
template <class T>
void copyQueries(const T* rows, const Texts& texts, const Shape& shape, int64_t text, int64_t column, float scale,
                 const Head& head, float* to) {
  for (int64_t i = 0; i < head.queries; i++) {
    copyRow(rows + (texts.firstQuery(text) + i) * shape.width + column, head.width, head.stride, scale, to + i * head.stride);
  }
  std::fill(to + head.queries * head.stride, to + head.queryStride * head.stride, 0.0f);
}

template <class T>
Head load(const Kept<T>& kept, const Texts& texts, const Shape& shape, int64_t text, int64_t number, float* memory) {
  Head head{};
  head.keys = texts.length(text);
  head.queries = texts.queriesOf(text);
  head.width = shape.headWidth();
  head.stride = padded(head.width);
  head.queryStride = padded(head.queries);
  // As if the probabilities lay in [texts, heads, queries, keys], padded to the longest text.
  const int64_t queryRows = texts.firstOnly ? 1 : texts.longest;
  head.firstProbability = static_cast<uint32_t>((text * shape.heads + number) * queryRows * texts.longest);
  head.probabilityStride = static_cast<uint32_t>(texts.longest);
  head.query = memory;
  head.queryAcross = head.query + head.queryStride * head.stride;
  head.key = head.queryAcross + head.queryStride * head.stride;
  head.value = head.key + head.keys * head.stride;
  head.probabilities = head.value + head.keys * head.stride;

  const int64_t column = number * head.width;
  copyQueries(kept.query, texts, shape, text, column, shape.scale(), head, head.query);
  for (int64_t j = 0; j < head.keys; j++) {
    const T* from = kept.keyValue + (texts.offsets[text] + j) * 2 * shape.width + column;
    copyRow(from, head.width, head.stride, 1.0f, head.key + j * head.stride);
    copyRow(from + shape.width, head.width, head.stride, 1.0f, head.value + j * head.stride);
  }
  return head;
}

/** Softmax over the keys, in place, for some queries at a time. */
inline void softmax(const Head& head, float* scores) {
  Lanes largest = lanesAt(scores);
  for (int64_t j = 1; j < head.keys; j++) {
    const Lanes& row = lanesAt(scores + j * head.queryStride);
    largest = row > largest ? row : largest;
  }
  Lanes sums = {};
  for (int64_t j = 0; j < head.keys; j++) {
    float* row = scores + j * head.queryStride;
    lanesAt(row) -= largest;
#pragma omp simd
    for (int i = 0; i < lanes; i++) row[i] = exponential(row[i]);
    sums += lanesAt(row);
  }
  const Lanes inverse = 1.0f / sums;
  for (int64_t j = 0; j < head.keys; j++) lanesAt(scores + j * head.queryStride) *= inverse;
}

/** Fills in the attention probabilities, before dropout. */
inline void attendTo(const Head& head) {
  transpose(head.query, head.queryStride, head.stride, head.queryAcross);
  smallProduct({head.key, head.stride, 1}, head.keys, head.width, head.queryStride, head.queryAcross, head.queryStride,
               head.probabilities, head.queryStride);
  for (int64_t i = 0; i < head.queryStride; i += lanes) softmax(head, head.probabilities + i);
}

/** Multiplies what belongs to one key and `lanes` queries by their dropout factors. */
inline void drop(const Dropout& dropout, const Head& head, int64_t query, int64_t key, float* row) {
#pragma omp simd
  for (int i = 0; i < lanes; i++) row[i] *= dropout.factor(head.probability(query + i, key));
}

template <class T>
void attend(const Kept<T>& kept, const Texts& texts, const Shape& shape, const Dropout& dropout, Scratch& scratch) {
  const int64_t contextNumbers = (texts.firstOnly ? 1 : texts.longest) * padded(shape.headWidth());
  const int64_t share = padded(Head::numbers(texts, shape) + contextNumbers);
  float* memory = scratch.array<float>(threadCount() * share);
#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t place = 0; place < texts.count * shape.heads; place++) {
    const int64_t text = place / shape.heads, number = place % shape.heads;
    float* context = memory + threadNumber() * share;
    const Head head = load(kept, texts, shape, text, number, context + contextNumbers);
    attendTo(head);
    if (dropout.active()) {
      for (int64_t j = 0; j < head.keys; j++) {
        float* row = head.probabilities + j * head.queryStride;
        for (int64_t i = 0; i < head.queryStride; i += lanes) drop(dropout, head, i, j, row + i);
      }
    }
    smallProduct({head.probabilities, 1, head.queryStride}, head.queries, head.keys, head.stride, head.value, head.stride,
                 context, head.stride);
    for (int64_t i = 0; i < head.queries; i++) {
      T* result = kept.context + (texts.firstQuery(text) + i) * shape.width + number * head.width;
#pragma omp simd
      for (int64_t c = 0; c < head.width; c++) result[c] = fromFloat<T>(context[i * head.stride + c]);
    }
  }
}

/** Gradients with respect to query, key and value, as factors of further products. */
template <class T>
struct HeadGradients {
  /** [queries, width] */
  T* query;
  /** [tokens, 2 · width] */
  T* keyValue;
};

/** @param upstream with respect to the heads' results, [queries, width] */
template <class T>
void attendGradient(const Kept<T>& kept, const T* upstream, const Texts& texts, const Shape& shape,
                    const Dropout& dropout, const HeadGradients<T>& result, Scratch& scratch) {
  const int64_t asking = padded(texts.firstOnly ? 1 : texts.longest), stride = padded(shape.headWidth());
  const int64_t rows = asking * stride, scores = texts.longest * asking;
  const int64_t share = padded(Head::numbers(texts, shape) + 2 * rows + scores + texts.longest * stride);
  float* memory = scratch.array<float>(threadCount() * share);
  const float scale = shape.scale();
  const bool drops = dropout.active();
#pragma omp parallel for schedule(dynamic, 4)
  for (int64_t place = 0; place < texts.count * shape.heads; place++) {
    const int64_t text = place / shape.heads, number = place % shape.heads;
    float* above = memory + threadNumber() * share;
    float* aboveAcross = above + rows;
    float* slopes = aboveAcross + rows;
    float* gradient = slopes + scores;
    const Head head = load(kept, texts, shape, text, number, gradient + texts.longest * stride);
    const int64_t column = number * head.width;
    copyQueries(upstream, texts, shape, text, column, 1.0f, head, above);
    attendTo(head);
    transpose(above, head.queryStride, stride, aboveAcross);
    smallProduct({head.value, stride, 1}, head.keys, head.width, head.queryStride, aboveAcross, head.queryStride, slopes,
                 head.queryStride);
    for (int64_t i = 0; i < head.queryStride; i += lanes) {
      Lanes dot = {};
      for (int64_t j = 0; j < head.keys; j++) {
        float* slope = slopes + j * head.queryStride + i;
        if (drops) drop(dropout, head, i, j, slope);
        dot += lanesAt(slope) * lanesAt(head.probabilities + j * head.queryStride + i);
      }
      for (int64_t j = 0; j < head.keys; j++) {
        Lanes& slope = lanesAt(slopes + j * head.queryStride + i);
        float* probability = head.probabilities + j * head.queryStride + i;
        slope = lanesAt(probability) * (slope - dot);
        // From here on what the values were weighted with.
        if (drops) drop(dropout, head, i, j, probability);
      }
    }
    const auto store = [&](int64_t count, float factor, T* to, int64_t toStride) {
      for (int64_t i = 0; i < count; i++) {
#pragma omp simd
        for (int64_t c = 0; c < head.width; c++) to[i * toStride + c] = fromFloat<T>(gradient[i * stride + c] * factor);
      }
    };
    smallProduct({slopes, 1, head.queryStride}, head.queries, head.keys, stride, head.key, stride, gradient, stride);
    store(head.queries, scale, result.query + texts.firstQuery(text) * shape.width + column, shape.width);
    T* key = result.keyValue + texts.offsets[text] * 2 * shape.width + column;
    smallProduct({slopes, head.queryStride, 1}, head.keys, head.queries, stride, head.query, stride, gradient, stride);
    store(head.keys, 1.0f, key, 2 * shape.width);
    smallProduct({head.probabilities, head.queryStride, 1}, head.keys, head.queries, stride, above, stride, gradient, stride);
    store(head.keys, 1.0f, key + shape.width, 2 * shape.width);
  }
}

/** The rows of x that ask: x itself, or a copy of each text's first row. */
const float* queryRows(const float* x, const Texts& texts, int64_t width, Scratch& scratch) {
  if (!texts.firstOnly) return x;
  float* rows = scratch.array<float>(texts.count * width);
  for (int64_t text = 0; text < texts.count; text++) {
    std::copy_n(x + texts.offsets[text] * width, width, rows + text * width);
  }
  return rows;
}

template <class T>
void columnSumsOf(const Matrix<const T>& matrix, float* result, Scratch& scratch) {
  float* const sums[1] = {result};
  columnSums(matrix.rows, matrix.columns, sums, scratch, [&](int64_t row, float* sum) {
    const T* values = matrix.data + row * matrix.stride;
#pragma omp simd
    for (int64_t i = 0; i < matrix.columns; i++) sum[i] += toFloat(values[i]);
  });
}

/** The attributes that both directions have. */
struct Settings {
  int64_t heads;
  bool firstOnly;
  float probabilityRate;
  float outputRate;
  bool bfloat16;

  explicit Settings(const Attributes& attributes)
      : heads(attributes.integer("heads")),
        firstOnly(attributes.flag("first_only")),
        probabilityRate(attributes.number("probability_rate")),
        outputRate(attributes.number("output_rate")),
        bfloat16(attributes.flag("rounds_factors")) {}
};

class Attention {
 public:
  static Signature signature() {
    return {"ContrafitAttention",
            {"x: float", "offsets: int32", "query_weight: float", "query_bias: float", "key_weight: float",
             "key_bias: float", "value_weight: float", "value_bias: float", "output_weight: float", "output_bias: float",
             "norm_weight: float", "norm_bias: float", "probability_key: int32", "output_key: int32"},
            {"y: float", "kept: int32"},
            {"heads: int", "first_only: bool", "epsilon: float", "probability_rate: float", "output_rate: float",
             "rounds_factors: bool", "keeps: bool"}};
  }

  explicit Attention(const Attributes& attributes)
      : settings_(attributes), epsilon_(attributes.number("epsilon")), keeps_(attributes.flag("keeps")) {}

  void run(Call& call) const { settings_.bfloat16 ? run<Bfloat16>(call) : run<float>(call); }

 private:
  template <class T>
  void run(Call& call) const {
    Scratch scratch;
    const Texts texts(call.integers(1), call.size(1) - 1, settings_.firstOnly);
    const int64_t width = call.length(0, 1), tokens = texts.tokens(), queries = texts.queries();
    call.require(texts.cover(call.length(0, 0)), "texts of at least one token, which cover all tokens");
    call.require(settings_.heads > 0 && width % settings_.heads == 0, "a width that is a multiple of the heads");
    const float* x = call.floats(0);
    const Kept<T> kept(keptMemory(call, 1, Kept<T>::units(texts, width), keeps_, scratch), texts, width);
    float* y = call.output(0, {queries, width});

    const float* asking = queryRows(x, texts, width, scratch);
    const T* input = asFactor<T>(x, tokens * width, scratch);
    const T* askingInput = settings_.firstOnly ? asFactor<T>(asking, queries * width, scratch) : input;
    const auto project = [&](const T* from, int64_t rows, int weight, T* to, int64_t stride) {
      multiplyByWeight(Matrix<const T>(from, rows, width), Matrix<const float>(call.floats(weight), width, width),
                       Weight::forward, Matrix<T>(to, rows, width, stride), scratch, {.bias = call.floats(weight + 1)});
    };
    project(askingInput, queries, 2, kept.query, width);
    project(input, tokens, 4, kept.keyValue, 2 * width);
    project(input, tokens, 6, kept.keyValue + width, 2 * width);
    attend(kept, texts, {width, settings_.heads}, Dropout(call.integers(12), settings_.probabilityRate), scratch);
    float* product = scratch.array<float>(queries * width);
    multiplyByWeight(Matrix<const T>(kept.context, queries, width), Matrix<const float>(call.floats(8), width, width),
                     Weight::forward, Matrix<float>(product, queries, width), scratch, {.bias = call.floats(9)});
    residualNorm(asking, product, queries, width, Dropout(call.integers(13), settings_.outputRate),
                 {call.floats(10), call.floats(11), epsilon_}, kept.normalised, y);
  }

  Settings settings_;
  float epsilon_;
  bool keeps_;
};

class AttentionGradient {
 public:
  static Signature signature() {
    return {"ContrafitAttentionGradient",
            {"upstream: float", "x: float", "offsets: int32", "query_weight: float", "key_weight: float",
             "value_weight: float", "output_weight: float", "norm_weight: float", "probability_key: int32",
             "output_key: int32", "kept: int32"},
            {"x_gradient: float", "query_weight_gradient: float", "query_bias_gradient: float",
             "key_weight_gradient: float", "key_bias_gradient: float", "value_weight_gradient: float",
             "value_bias_gradient: float", "output_weight_gradient: float", "output_bias_gradient: float",
             "norm_weight_gradient: float", "norm_bias_gradient: float"},
            {"heads: int", "first_only: bool", "probability_rate: float", "output_rate: float", "rounds_factors: bool"}};
  }

  explicit AttentionGradient(const Attributes& attributes) : settings_(attributes) {}

  void run(Call& call) const { settings_.bfloat16 ? run<Bfloat16>(call) : run<float>(call); }

 private:
  template <class T>
  void run(Call& call) const {
    Scratch scratch;
    const Texts texts(call.integers(2), call.size(2) - 1, settings_.firstOnly);
    const int64_t width = call.length(1, 1), tokens = texts.tokens(), queries = texts.queries();
    call.require(texts.cover(call.length(1, 0)) && call.size(10) == Kept<T>::units(texts, width),
                 "what the forward pass has kept");
    const Kept<T> kept(const_cast<int32_t*>(call.integers(10)), texts, width);
    float* xGradient = call.output(0, {tokens, width});
    // With respect to the rows that ask; all of them unless only the first ones do.
    float* asking = settings_.firstOnly ? scratch.array<float>(queries * width) : xGradient;

    T* product = scratch.array<T>(queries * width);
    residualNormGradient<T>(call.floats(0), kept.normalised, call.floats(7), queries, width,
                            Dropout(call.integers(9), settings_.outputRate),
                            {asking, product, call.output(8, {width}), call.output(9, {width}), call.output(10, {width})},
                            scratch);
    const Matrix<const T> output(product, queries, width);
    multiplyTransposed(output, Matrix<const T>(kept.context, queries, width), weightGradient(call, 7, width));
    T* upstream = scratch.array<T>(queries * width);
    multiplyByWeight(output, Matrix<const float>(call.floats(6), width, width), Weight::backward,
                     Matrix<T>(upstream, queries, width), scratch);

    const HeadGradients<T> gradients{scratch.array<T>(queries * width), scratch.array<T>(tokens * 2 * width)};
    attendGradient(kept, upstream, texts, {width, settings_.heads}, Dropout(call.integers(8), settings_.probabilityRate), gradients, scratch);

    const float* x = call.floats(1);
    const T* input = asFactor<T>(x, tokens * width, scratch);
    const T* askingInput =
        settings_.firstOnly ? asFactor<T>(queryRows(x, texts, width, scratch), queries * width, scratch) : input;
    const auto backward = [&](Matrix<const T> gradient, const T* from, int weight, int result, float* to, bool accumulate) {
      multiplyTransposed(gradient, Matrix<const T>(from, gradient.rows, width), weightGradient(call, result, width));
      columnSumsOf(gradient, call.output(result + 1, {width}), scratch);
      multiplyByWeight(gradient, Matrix<const float>(call.floats(weight), width, width), Weight::backward,
                       Matrix<float>(to, gradient.rows, width), scratch, {.accumulate = accumulate});
    };
    backward({gradients.query, queries, width}, askingInput, 3, 1, asking, true);
    backward({gradients.keyValue, tokens, width, 2 * width}, input, 4, 3, xGradient, !settings_.firstOnly);
    backward({gradients.keyValue + width, tokens, width, 2 * width}, input, 5, 5, xGradient, true);
    if (!settings_.firstOnly) return;
    for (int64_t text = 0; text < texts.count; text++) {
      float* row = xGradient + texts.offsets[text] * width;
      const float* own = asking + text * width;
      for (int64_t i = 0; i < width; i++) row[i] += own[i];
    }
  }

  static Matrix<float> weightGradient(Call& call, int output, int64_t width) {
    return Matrix<float>(call.output(output, {width, width}), width, width);
  }

  Settings settings_;
};

}  // namespace

void defineAttention() {
  defineOp<Attention>();
  defineOp<AttentionGradient>();
}

}  // namespace contrafit
