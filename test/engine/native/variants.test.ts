import { expect, it } from 'vitest';
import { recipeOf, suitedVariant, variants } from '../../../src/engine/native/variants.ts';

it('pins every wheel by version and digest', () => {
  for (const variant of variants) {
    for (const arch of ['x64', 'arm64']) {
      const recipe = recipeOf(variant, 'linux', arch);
      if (!recipe) continue;
      const wheels = [recipe.tensorflow, ...recipe.oneDnn, ...recipe.nvidia];
      for (const { version, sha256 } of wheels) {
        expect(version).toMatch(/^\d+(\.\d+)+$/);
        expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      }
      expect(new Set(wheels.map(({ name }) => name)).size).toBe(wheels.length);
    }
  }
});

it('has a recipe for Linux alone', () => {
  expect(recipeOf('cpu', 'linux', 'x64')?.tensorflow.name).toBe('tensorflow-cpu');
  expect(recipeOf('cpu', 'linux', 'arm64')).toBeDefined();
  expect(recipeOf('cuda', 'linux', 'arm64')).toBeUndefined();
  expect(recipeOf('cpu', 'darwin', 'x64')).toBeUndefined();
});

it('suits CUDA to an NVIDIA driver where there is a CUDA build', () => {
  expect(suitedVariant(true, 'linux', 'x64')).toBe('cuda');
  expect(suitedVariant(true, 'linux', 'arm64')).toBe('cpu');
  expect(suitedVariant(false, 'linux', 'x64')).toBe('cpu');
});
