import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/shared.js';

/** The layers of docs/architecture.md, top to bottom. An import may stay in its folder or point down. */
const layers = ['cli', 'report', 'compare', 'proof', 'steps', 'engine', 'cache', 'artifacts', 'numerics'];

function sources(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(folder, file));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const names = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]);
  return names.map((name) => path.join(path.dirname(file), name));
}

describe('the house', () => {
  test('imports only ever point down the layers', () => {
    const upward = layers.flatMap((layer, depth) =>
      sources(layer).flatMap((file) =>
        importsOf(file)
          .filter((target) => {
            const other = layers.indexOf(target.split(path.sep)[0]);
            return other >= 0 && other < depth;
          })
          .map((target) => `${file} -> ${target}`),
      ),
    );
    expect(upward).toEqual([]);
  });

  test('the engine, the cache and the artifacts know no step by name', () => {
    const below = ['engine', 'cache', 'artifacts'].flatMap(sources).flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith(`steps${path.sep}`))
        .map((target) => `${file} -> ${target}`),
    );
    expect(below).toEqual([]);
  });

  test('every dependency is listed with its reason, and every listed one is installed', () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
    const used = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.peerDependencies });
    const page = readFileSync(path.join(root, 'docs', 'dependencies.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
    expect([...new Set(listed)].sort()).toEqual([...new Set(used)].sort());
  });
});
