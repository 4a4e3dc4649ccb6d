import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tensorShapes } from '../../src/encoders/architecture.ts';
import { bert } from '../../src/encoders/bert.ts';
import { miniFolder } from '../../src/encoders/resolveEncoder.ts';
import { elementCount, fromFloat32, writeSafetensors } from '../../src/encoders/safetensors.ts';
import { stream } from '../../src/random.ts';

/** Sizes of published encoders; times do not depend on the weights. */
export const sizes = {
  MiniLM: { hidden_size: 384, num_hidden_layers: 6, num_attention_heads: 12, intermediate_size: 1536 },
  'BERT-base': { hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 3072 },
} as const;

/** Writes a BERT of that size with random weights into a folder; its tokeniser is mini's. */
export async function writeRandomEncoder(folder: string, size: keyof typeof sizes): Promise<void> {
  await mkdir(folder, { recursive: true });
  const configFile = {
    model_type: 'bert',
    architectures: ['BertModel'],
    vocab_size: 30_522,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    pad_token_id: 0,
    layer_norm_eps: 1e-12,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    ...sizes[size],
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(configFile));
  for (const file of ['tokenizer.json', 'tokenizer_config.json']) await cp(join(miniFolder, file), join(folder, file));
  const random = stream(1, 'bench');
  const tensors = [...tensorShapes(bert.configSchema.parse(configFile))].map(([name, shape]) => {
    const values = new Float32Array(elementCount(shape));
    const isScale = /LayerNorm\.weight$/.test(name);
    for (let i = 0; i < values.length; i++) values[i] = isScale ? 1 : 0.04 * (random.uniform() - 0.5);
    return [name, fromFloat32(values, shape)] as const;
  });
  await writeSafetensors(join(folder, 'model.safetensors'), new Map(tensors));
}
