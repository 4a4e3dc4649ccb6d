// The ranks of each query's relevant references among all of them, by similarity.
#include <algorithm>
#include <cstring>
#include <vector>

#include "op.h"
#include "ops.h"

namespace contrafit {

namespace {

/** Between a query's most and least similar hit; one more before them and one behind. */
constexpr int intervals = 1024;

/** Ordered as the ranking is: the most similar first, of equally similar ones the earlier. */
uint64_t orderKey(float similarity, uint32_t index) {
  uint32_t bits;
  std::memcpy(&bits, &similarity, sizeof bits);
  // Taken for an integer, the bits rise with positive numbers and fall with negative ones; −0 is 0.
  const uint32_t falling = bits == 0x80000000u ? 0x7fffffffu : bits > 0x7fffffffu ? bits : 0x7fffffffu - bits;
  return static_cast<uint64_t>(falling) << 32 | index;
}

uint32_t indexOf(uint64_t key) { return static_cast<uint32_t>(key); }

/** What one thread needs for a query. */
struct Workspace {
  explicit Workspace(int64_t references) : isHit(references), intervalOf(references), contested(references + 1) {}

  std::vector<uint64_t> hits;
  std::vector<uint8_t> isHit;
  std::vector<int32_t> intervalOf, contested, before;
  int32_t counts[intervals + 2], hitsIn[intervals + 2], firstPlace[intervals + 2];
};

/**
 * Counts the references in intervals of similarity and compares only those that share one with a hit. Whatever the rounding,
 * a more similar reference is never in a later interval.
 *
 * @param self the query itself among the references, or -1
 * @param hitCount relevant references but for `self`
 */
void ranksOf(const float* similarities, const int32_t* labels, int64_t references, int32_t label, int64_t self,
             int64_t hitCount, Workspace& w, int32_t* ranks) {
  if (hitCount == 0) return;
  w.hits.clear();
  for (int64_t i = 0; i < references; i++) {
    w.isHit[i] = labels[i] == label;
    if (w.isHit[i] && i != self) w.hits.push_back(orderKey(similarities[i], static_cast<uint32_t>(i)));
  }
  std::sort(w.hits.begin(), w.hits.end());
  const float most = similarities[indexOf(w.hits.front())], least = similarities[indexOf(w.hits.back())];
  // The least similar hit falls short of the last interval, which is that of what comes behind.
  const float scale = most > least ? 0.9999f * intervals / (most - least) : 0;
  int32_t* intervalOf = w.intervalOf.data();
#pragma omp simd
  for (int64_t i = 0; i < references; i++) {
    const float place = std::max(0.f, std::min<float>(intervals + 1, (most - similarities[i]) * scale + 1));
    intervalOf[i] = static_cast<int32_t>(place);
  }

  std::fill(std::begin(w.hitsIn), std::end(w.hitsIn), 0);
  std::fill(std::begin(w.counts), std::end(w.counts), 0);
  for (uint64_t hit : w.hits) w.hitsIn[intervalOf[indexOf(hit)]]++;
  int64_t contests = 0;
  for (int64_t i = 0; i < references; i++) {
    const int32_t interval = intervalOf[i];
    w.counts[interval]++;
    // No branch, since none could be foreseen.
    w.contested[contests] = static_cast<int32_t>(i);
    contests += w.hitsIn[interval] > 0;
  }
  if (self >= 0) w.counts[intervalOf[self]]--;

  // How many others come directly before the hit of each place; the last count those behind all hits.
  w.before.assign(hitCount + 1, 0);
  int32_t place = 0;
  for (int i = 0; i < intervals + 2; i++) {
    w.firstPlace[i] = place;
    if (w.hitsIn[i] == 0) w.before[place] += w.counts[i];
    place += w.hitsIn[i];
  }
  for (int64_t c = 0; c < contests; c++) {
    const int32_t i = w.contested[c];
    if (w.isHit[i] || i == self) continue;
    const auto first = w.hits.begin() + w.firstPlace[intervalOf[i]];
    const auto last = first + w.hitsIn[intervalOf[i]];
    w.before[std::lower_bound(first, last, orderKey(similarities[i], i)) - w.hits.begin()]++;
  }
  int32_t others = 0;
  for (int64_t hit = 0; hit < hitCount; hit++) {
    others += w.before[hit];
    ranks[hit] = static_cast<int32_t>(hit) + 1 + others;
  }
}

class RelevantRanks {
 public:
  static Signature signature() {
    // queries: label, place among the references or -1, and hits of each.
    return {"ContrafitRelevantRanks", {"similarities: float", "queries: int32", "labels: int32"}, {"ranks: int32"}, {}};
  }

  explicit RelevantRanks(const Attributes&) {}

  void run(Call& call) const {
    const int64_t queries = call.length(0, 0), references = call.length(0, 1);
    call.require(call.size(1) == 3 * queries, "label, place and hits of each query");
    call.require(call.size(2) == references, "a label of each reference");
    const float* similarities = call.floats(0);
    const int32_t *query = call.integers(1), *labels = call.integers(2);
    std::vector<int64_t> offsets(queries + 1, 0);
    for (int64_t i = 0; i < queries; i++) offsets[i + 1] = offsets[i] + query[3 * i + 2];
    int32_t* ranks = call.integerOutput(0, offsets[queries]);
#pragma omp parallel if (queries > 4)
    {
      Workspace workspace(references);
#pragma omp for schedule(static)
      for (int64_t i = 0; i < queries; i++) {
        const int32_t* own = query + 3 * i;
        ranksOf(similarities + i * references, labels, references, own[0], own[1], own[2], workspace,
                ranks + offsets[i]);
      }
    }
  }
};

}  // namespace

void defineRelevantRanks() { defineOp<RelevantRanks>(); }

}  // namespace contrafit
