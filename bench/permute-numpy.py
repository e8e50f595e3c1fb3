"""Sign flips in a plain loop, for bench/permute.ts: python3 permute-numpy.py EFFECTS.npy SIGNS.npy OFFSETS.npy HEIGHT COUNT.

Effects [subject, voxel], signs [flip, subject]. Of every flip the largest t and the largest cluster of voxels with t >= HEIGHT
(scipy.ndimage.label, 18 neighbours). Prints both for the first COUNT flips, and ms per flip.
"""
import json
import sys
import time

import numpy as np
import scipy
from scipy import ndimage

effects, signs, offsets = (np.load(file) for file in sys.argv[1:4])
height, count = float(sys.argv[4]), int(sys.argv[5])
structure = ndimage.generate_binary_structure(3, 2)
volume = np.zeros(61 * 73 * 61, dtype=bool)
subjects = len(effects)
t_most, extent = [], []
start = time.process_time()
for flip in signs[:count]:
    flipped = effects * flip[:, None]
    t = flipped.mean(axis=0) / (flipped.std(axis=0, ddof=1) / np.sqrt(subjects))
    volume[offsets] = t >= height
    labels, clusters = ndimage.label(volume.reshape(61, 73, 61), structure)
    t_most.append(t.max())
    extent.append(int(np.bincount(labels.ravel())[1:].max()) if clusters else 0)
used = time.process_time() - start
version = f'numpy {np.__version__}, scipy {scipy.__version__}'
print(json.dumps({'ms': 1000 * used / count, 'version': version, 't': t_most, 'extent': extent}))
