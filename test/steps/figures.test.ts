import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../artifacts/artifact.js';
import { makeGrid } from '../../artifacts/grid.js';
import { writeImage } from '../../artifacts/image.js';
import { readMask } from '../../artifacts/mask.js';
import { readNpy, writeNpy } from '../../artifacts/npy.js';
import { UserError } from '../../artifacts/user-error.js';
import { colorOf, lut } from '../../steps/figures/colormaps.js';
import { figuresStep } from '../../steps/figures/index.js';
import { newFolder } from '../support/folders.js';
import { describeShared, shared } from '../support/shared.js';
import { descriptionOf, draw, fitOf, headMask, layers, probabilityMaps, reversalOf } from './figures-study.js';
import { elementsOf, overlaps, textBoxes } from './svg-reading.js';

const text = (file: string) => readFileSync(file, 'utf8');

/** Panels of a mosaic (one `map` image each) in pt on the page. */
function panels(svg: string) {
  return elementsOf(svg)
    .filter(({ attributes }) => attributes.class === 'map')
    .map(({ attributes: a, x, y }) => ({
      x: x + Number(a.x),
      y: y + Number(a.y),
      width: Number(a.width),
      height: Number(a.height),
    }));
}

/** Colour of a PNG at a place on the page, pt. */
function colorAt(file: string, dpi: number, x: number, y: number): number[] {
  const { data, width, channels } = decode(readFileSync(file));
  const at = (Math.floor((y * dpi) / 72) * width + Math.floor((x * dpi) / 72)) * channels;
  return [...data.subarray(at, at + 3)];
}

/** One blob of one voxel at (14, 30, -10) mm: right, anterior, low. 1 in conv1_1, 0.4 in the others. */
const spot = (name: string, [x, y, z]: readonly number[]) =>
  Math.hypot(x! - 14, y! - 30, z! + 10) < 0.1 ? (name === 'conv1_1' ? 1 : 0.4) : 0;

describe('figures: slices', () => {
  it('draws a voxel where its mm are: right of the middle, towards the front, on the slice of its z', async () => {
    const mask = headMask();
    const dpi = 200;
    const { files } = await draw(
      { probability: await probabilityMaps(mask, layers, spot) },
      { dpi, positions: [-10, 6] },
    );
    const svg = text(files['figure-3_probability.svg']!);
    const [low, high] = panels(svg);
    expect(textBoxes(svg).map((box) => box.text)).toEqual(expect.arrayContaining(['z = −10 mm', 'z = 6 mm', 'L', 'R']));
    // The panels show the mask's box and two voxels more, here the whole grid: x from -40 to 40, y from 48 down to -48.
    const place = (panel: typeof low, mm: readonly [number, number]) =>
      [panel!.x + ((mm[0] + 40) / 80) * panel!.width, panel!.y + ((48 - mm[1]) / 96) * panel!.height] as const;
    const png = files['figure-3_probability.png']!;
    expect(colorAt(png, dpi, ...place(low, [14, 30]))).toEqual([...colorOf(lut('heat'), 1, 0, 1)]);
    // Not mirrored in x or y, not on the other slice: there is the grey of the mask.
    for (const [panel, mm] of [
      [low, [-14, 30]],
      [low, [14, -30]],
      [high, [14, 30]],
    ] as const) {
      const [r, g, b] = colorAt(png, dpi, ...place(panel, mm));
      expect([r, g]).toEqual([b, b]);
    }
    // The neighbours, 4 mm away, are not coloured: the map is not smeared.
    const [r, , b] = colorAt(png, dpi, ...place(low, [18, 30]));
    expect(r).toBe(b);
  });

  it('draws the same head from files whose axes run the other way', async () => {
    const drawn = [];
    for (const signs of [
      [1, 1, 1],
      [-1, 1, 1],
      [-1, -1, -1],
    ] as const) {
      const mask = headMask(signs);
      const inputs = { probability: await probabilityMaps(mask, layers, spot), fits: [await fitOf(mask)] };
      for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
        const { files } = await draw(inputs, { plane, slices: 5 });
        drawn.push(text(files['figure-3_probability.svg']!));
      }
    }
    // The voxels lie at the same mm in all three grids, so every byte is the same.
    for (const n of [0, 1, 2]) expect(new Set([drawn[n], drawn[n + 3], drawn[n + 6]]).size).toBe(1);
    expect(textBoxes(drawn[2]!).map((box) => box.text)).toEqual(expect.arrayContaining(['P', 'A']));
  });

  it('chooses slices where the map is, and names oblique images', async () => {
    const mask = headMask();
    const { files } = await draw({ probability: await probabilityMaps(mask, layers, spot) }, { slices: 1 });
    const svg = text(files['figure-3_probability.svg']!);
    expect(
      textBoxes(svg)
        .filter((box) => box.text.startsWith('z ='))
        .map((box) => box.text),
    ).toEqual(Array(3).fill('z = −10 mm'));
    expect(svg).not.toContain('Oblique');

    const [c, s] = [Math.cos(0.2), Math.sin(0.2)];
    const affine = [4, 0, 0, -38, 0, 4 * c, -4 * s, -40, 0, 4 * s, 4 * c, -40, 0, 0, 0, 1];
    const oblique = { grid: makeGrid(mask.grid.dim, affine, 1), voxels: mask.voxels };
    const tilted = await draw({
      probability: await probabilityMaps(oblique, layers, (_, mm) => (mm[1]! > 0 ? 0.5 : 0)),
    });
    // 0.2 rad
    expect(text(tilted.files['figure-3_probability.svg']!)).toContain('up to 11.5° from the anatomical ones');
  });

  it('lays a background of another grid under the map by its mm', async () => {
    const mask = headMask();
    const file = path.join(await newFolder('drawn'), 'image.nii.gz');
    // 2 mm, x running from right to left, offset from the map's grid; bright where x > 0.
    const grid = makeGrid([45, 50, 34], [-2, 0, 0, 45, 0, 2, 0, -51, 0, 0, 2, -33, 0, 0, 0, 1], 4);
    const data = Float64Array.from({ length: 45 * 50 * 34 }, (_, offset) => (45 - 2 * (offset % 45) > 0 ? 100 : 20));
    await writeImage(file, { grid, data, datatype: 'float32', description: 'background' });
    const background = {
      type: 'image',
      digest: '',
      meta: {},
      files: { 'image.nii.gz': file },
      origin: 'inputs.anatomy',
    };
    const dpi = 200;
    const probability = await probabilityMaps(mask, layers, spot);
    const { files } = await draw({ probability, background, fits: [await fitOf(mask)] }, { dpi, positions: [2] });
    const svg = text(files['figure-3_probability.svg']!);
    expect(svg).toContain('over inputs.anatomy');
    const [panel] = panels(svg);
    const grey = (x: number) =>
      colorAt(
        files['figure-3_probability.png']!,
        dpi,
        panel!.x + ((x + 40) / 80) * panel!.width,
        panel!.y + 0.5 * panel!.height,
      );
    // Black is 0 and white 1.25 times the 98th percentile: 20 and 100 of 125, within one grey level of rounding.
    expect(Math.abs(grey(-20)[0]! - (20 / 125) * 255)).toBeLessThanOrEqual(1);
    expect(Math.abs(grey(20)[0]! - (100 / 125) * 255)).toBeLessThanOrEqual(1);
  });

  it('gives the colour bar the range of the data, hides what is below the threshold, and says so', async () => {
    const mask = headMask();
    const ramp = (name: string, [x]: readonly number[]) => (name === 'conv5_3' ? 0.62 : 0.3) * Math.max(0, x! / 34);
    const probability = await probabilityMaps(mask, [...layers, 'conv5_3-conv1_1'], (name, mm) =>
      name.includes('-') ? ramp('conv5_3', mm) - 2 * ramp('conv1_1', mm) : ramp(name, mm),
    );
    const { files } = await draw({ probability });
    const bar = (name: string) =>
      elementsOf(text(files[name]!)).find((e) => e.attributes.class === 'colorbar')!.attributes;
    const rows = (await readNpy(probability.files['probability.npy']!)).data as Float64Array;
    const voxels = mask.voxels.length;
    const most = Math.max(...rows.subarray(0, 3 * voxels));
    const difference = Math.max(...rows.subarray(3 * voxels).map(Math.abs));
    expect([bar('figure-3_probability.svg')['data-low'], bar('figure-3_probability.svg')['data-high']]).toEqual([
      '0',
      String(most),
    ]);
    expect(bar('figure-4_difference.svg')['data-low']).toBe(String(-difference));
    expect(bar('figure-4_difference.svg')['data-high']).toBe(String(difference));
    expect(text(files['figure-4_difference.svg']!)).toContain('conv5_3 − conv1_1');
    expect(text(files['figure-3_probability.svg']!)).toContain(
      `below ${Number((0.05 * most).toPrecision(3))} are transparent`,
    );

    const capped = await draw({ probability }, { max: 0.25, threshold: 0.2 });
    expect(text(capped.files['figure-3_probability.svg']!)).toContain('Values beyond 0.25 (up to');
    expect(text(capped.files['figure-3_probability.svg']!)).toContain('below 0.2 are transparent');
  });
});

describe('figures: charts', () => {
  it('draws a bar per component as high as its share, and a cell per pair in the colour of its r', async () => {
    const { files } = await draw({ description: await descriptionOf() });
    const bars = elementsOf(text(files['figure-2_pca.svg']!)).filter((e) => e.attributes.class === 'bar');
    expect(bars).toHaveLength(9);
    const heights = bars.map((e) => Number(e.attributes.height));
    // 50 % and 30 % of the first layer, 25 % of the second; coordinates are rounded to 0.01 pt of about 60.
    expect(heights[1]! / heights[0]!).toBeCloseTo(0.6, 2);
    expect(heights[3]! / heights[0]!).toBeCloseTo(0.5, 2);

    const svg = text(files['figure-2_layer-correlation.svg']!);
    const cells = elementsOf(svg).filter((e) => e.attributes.class === 'cell');
    expect(cells).toHaveLength(9);
    expect(cells[0]!.attributes.fill).toBe('#b40426'); // coolwarm's last colour, r = 1
    expect(textBoxes(svg).filter((box) => box.text === '−0.10')).toHaveLength(2);
    expect(svg).toContain('conv1_1 with conv5_3, r = −0.1.');
  });

  it('draws regions with series, peaks and pictures, by layer', async () => {
    const mask = headMask();
    const { files, meta } = await draw({ reversal: await reversalOf(mask), fits: [await fitOf(mask)] });
    expect(Object.keys(files).filter((role) => role.endsWith('.svg'))).toEqual([
      'figure-5_region-V1.svg',
      'figure-6_region-SMG-right.svg',
    ]);
    const svg = text(files['figure-6_region-SMG-right.svg']!);
    const elements = elementsOf(svg);
    expect(elements.filter((e) => e.attributes.class === 'peak')).toHaveLength(3);
    // Three frames and two kernels' overlays below each.
    expect(elements.filter((e) => e.attributes.class === 'picture')).toHaveLength(9);
    const words = textBoxes(svg).map((box) => box.text);
    expect(words).toEqual(
      expect.arrayContaining(['1: 6 s', '2: 46 s', '3: 86 s', 'conv5_3/k276', 'conv5_3/k428', 'max 3.25']),
    );
    expect(Object.keys(meta!.captions as object)).toContain('figure-6_region-SMG-right');

    const few = await draw({ reversal: await reversalOf(mask) }, { pictures: 0 });
    expect(text(few.files['figure-5_region-V1.svg']!)).not.toContain('class="picture"');
  });
});

describe('figures: every page', () => {
  const mask = headMask();
  const everything = async (untrained: boolean) => {
    const meta: JsonObject = untrained ? { untrained: true } : {};
    return {
      description: await descriptionOf(layers, meta),
      probability: await probabilityMaps(
        mask,
        [...layers, 'conv5_3-conv1_1'],
        (n, mm) => spot(n, mm) - (n.includes('-') ? 0.2 : 0),
        meta,
      ),
      reversal: await reversalOf(mask, meta),
      fits: [await fitOf(mask)],
    };
  };

  it('has no text on another, none outside the page, none smaller than 5.5 pt', async () => {
    for (const params of [{}, { width: 120 }, { width: 300, plane: 'coronal' as const, slices: 12 }]) {
      const { files } = await draw(await everything(true), params);
      for (const [role, file] of Object.entries(files).filter(([role]) => role.endsWith('.svg'))) {
        const svg = text(file);
        const page = elementsOf(svg)[0]!.attributes;
        const boxes = textBoxes(svg);
        expect(overlaps(boxes), `${role} ${JSON.stringify(params)}`).toEqual([]);
        const [width, height] = page.viewBox!.split(' ').slice(2).map(Number);
        const outside = boxes.filter((b) => b.left < 0 || b.top < 0 || b.right > width! || b.bottom > height!);
        expect(outside, `${role} ${JSON.stringify(params)}`).toEqual([]);
        const sizes = elementsOf(svg).flatMap((e) => (e.name === 'text' ? [Number(e.attributes['font-size'])] : []));
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(5.5);
      }
    }
  });

  it('says on each figure, and in its meta, that the network is untrained, only where it is', async () => {
    const [made, real] = [await draw(await everything(true)), await draw(await everything(false))];
    const said = (files: Readonly<Record<string, string>>) =>
      Object.entries(files)
        .filter(([role]) => role.endsWith('.svg'))
        .map(([, file]) => text(file).includes('Untrained network'));
    expect(said(made.files)).toEqual(Array(7).fill(true));
    expect(said(real.files)).toEqual(Array(7).fill(false));
    expect([made.meta!.untrained, real.meta!.untrained]).toEqual([true, undefined]);
  });

  it('has the same bytes when drawn again, and pixels by dpi', async () => {
    const inputs = await everything(false);
    const [a, b] = [await draw(inputs), await draw(inputs)];
    for (const role of Object.keys(a.files))
      expect(readFileSync(a.files[role]!).equals(readFileSync(b.files[role]!)), role).toBe(true);
    const { width } = decode(readFileSync(a.files['figure-2_pca.png']!));
    // 180 mm at 100 dpi, rounded up to whole pixels
    expect(Math.abs(width - (180 / 25.4) * 100)).toBeLessThanOrEqual(1);
  });
});

describe('figures: what cannot be drawn', () => {
  const messageOf = async (work: Promise<unknown>) => {
    const error = await work.then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  };

  it('names the ports when nothing is wired, and the layers when none is there', async () => {
    expect(await messageOf(draw({}))).toContain('description, probability, reversal');
    const description = await descriptionOf();
    expect(await messageOf(draw({ description }, { layers: ['conv9_9'] }))).toContain('conv9_9');
  });

  it('draws empty maps as such', async () => {
    const { files } = await draw({ probability: await probabilityMaps(headMask(), layers, () => 0) });
    expect(text(files['figure-3_probability.svg']!)).toContain('nothing to show');
  });

  it('declares a default or a meaning of its absence for every parameter', () => {
    for (const [name, schema] of Object.entries(figuresStep.params.properties)) {
      expect('default' in schema || /[Dd]efault|Not used|Where to slice/.test(String(schema.description)), name).toBe(
        true,
      );
    }
  });
});

describeShared('figures of the reference', () => {
  it('draws the study of one slice, left on the left although its x axis runs down', async () => {
    const arrays = path.join(shared, 'reference', 'arrays');
    const mask = await readMask(path.join(arrays, 'mask', 'group_mask.nii.gz'));
    expect(mask.grid.affine[0]).toBeLessThan(0);
    const dir = await newFolder('drawn');
    const offsets = (await readNpy(path.join(arrays, 'mask', 'file_offset.npy'))).data;
    const xyz = (await readNpy(path.join(arrays, 'mask', 'xyz_mm.npy'))).data;
    const names = ['A', 'B'];
    const maps = await Promise.all(
      names.map(
        async (name) => (await readNpy(path.join(arrays, 'layers', `probability_onesided_p05_${name}.npy`))).data,
      ),
    );
    const position = new Map(Array.from(offsets, (offset, v) => [offset, v]));
    const inFileOrder = maps.flatMap((map) => Array.from(mask.voxels, (offset) => map[position.get(offset)!]!));
    const probability = await probabilityMaps(mask, names, () => 0);
    await writeNpy(path.join(dir, 'probability.npy'), [2, mask.voxels.length], Float64Array.from(inFileOrder));
    const dpi = 200;
    const drawn = await draw(
      {
        probability: {
          ...probability,
          files: { ...probability.files, 'probability.npy': path.join(dir, 'probability.npy') },
        },
      },
      { dpi },
    );
    const svg = text(drawn.files['figure-3_probability.svg']!);
    const [panel] = panels(svg);
    expect(panels(svg)).toHaveLength(2);
    // The panel is cropped to the mask's box and two voxels more (3.1 and 3.75 mm wide), inside the image.
    const [x, y] = [0, 1].map((axis) => Array.from(offsets, (_, v) => xyz[3 * v + axis]!));
    const clip = (low: number, high: number, first: number, last: number, size: number) =>
      [Math.max(low - 2 * size, first) - size / 2, Math.min(high + 2 * size, last) + size / 2] as const;
    const [left, right] = clip(Math.min(...x!), Math.max(...x!), 60.45 - 39 * 3.1, 60.45, 3.1);
    const [back, front] = clip(Math.min(...y!), Math.max(...y!), -35.625, -35.625 + 19 * 3.75, 3.75);
    const high = Math.max(...inFileOrder);
    const png = decode(readFileSync(drawn.files['figure-3_probability.png']!));
    let checked = 0;
    for (let v = 0; v < offsets.length; v++) {
      if (maps[0]![v]! < 0.05 * high) continue;
      const px = panel!.x + ((x![v]! - left) / (right - left)) * panel!.width;
      const py = panel!.y + ((front - y![v]!) / (front - back)) * panel!.height;
      const at = (Math.floor((py * dpi) / 72) * png.width + Math.floor((px * dpi) / 72)) * png.channels;
      // The letters L and R lie on the panel.
      if (py < panel!.y + 10) continue;
      expect([...png.data.subarray(at, at + 3)]).toEqual([...colorOf(lut('heat'), maps[0]![v]!, 0, high)]);
      checked += 1;
    }
    expect(checked).toBeGreaterThan(50);
    expect(overlaps(textBoxes(svg))).toEqual([]);
  });
});
