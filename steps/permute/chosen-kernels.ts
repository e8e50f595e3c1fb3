import type { Artifact } from '../../artifacts/artifact.js';
import type { Kernel } from '../../artifacts/kernels.js';
import { readSelection } from '../../artifacts/selection.js';
import { UserError } from '../../artifacts/user-error.js';

/**
 * Places of the kernels to work on, increasing: those that `names` name, else those of the selection, else all, if they
 * are no more than `most`. Throws UserError for names that no kernel has, and for too many kernels that nobody named.
 */
export async function chosenKernels(
  kernels: readonly Kernel[],
  names: readonly string[] | undefined,
  selection: Artifact | undefined,
  most: number,
): Promise<Int32Array> {
  if (names) return placesOf(kernels, names);
  if (selection) {
    const selected = new Set((await readSelection(selection)).kernels.map(({ name }) => name));
    const places = Int32Array.from(kernels.keys()).filter((place) => selected.has(kernels[place]!.name));
    if (places.length > 0) return places;
    throw new UserError({
      message: `no kernel of ${selection.origin} is in the fits`,
      expected: 'a selection among the kernels of the fits',
    });
  }
  if (kernels.length <= most) return Int32Array.from(kernels.keys());
  throw new UserError({
    message: `${kernels.length} kernels, and none is named`,
    keys: ['kernels'],
    expected: `names under "kernels", or a selection under \`in\`, when there are more than ${most}`,
    hint: 'All of them: "kernels: ["*"]".',
  });
}

function placesOf(kernels: readonly Kernel[], names: readonly string[]): Int32Array {
  const chosen = new Set<number>();
  const problems = names.flatMap((name, n) => {
    const pattern = new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
    const places = [...kernels.keys()].filter((place) => {
      const kernel = kernels[place]!.name;
      return kernel === name || (name.includes('*') && pattern.test(kernel));
    });
    for (const place of places) chosen.add(place);
    if (places.length > 0) return [];
    const shown = kernels.slice(0, 8).map((kernel) => kernel.name);
    return [
      {
        message: `no kernel is called "${name}"`,
        keys: ['kernels', n],
        expected: `names such as ${shown.join(', ')}${kernels.length > 8 ? ', …' : ''}`,
      },
    ];
  });
  if (problems.length > 0) throw new UserError(problems);
  return Int32Array.from(chosen).sort();
}
