// The ops of this module, a file each.
#pragma once

namespace contrafit {

void defineEmbeddings();
void defineAttention();
void defineFeedForward();
void defineAdamW();
void defineSquaredNorm();
void defineProduct();
void defineRelevantRanks();

}  // namespace contrafit
