"""Clusters of maps by scipy.ndimage, for bench/threshold.ts: python3 threshold-scipy.py MAPS.npy OFFSETS.npy HEIGHT COUNT.

Labels (18 neighbours), and of every cluster size, peak, centre of mass. Prints ms per map and the clusters of each map.
"""
import json
import sys
import time

import numpy as np
import scipy
from scipy import ndimage

maps, offsets, height, count = np.load(sys.argv[1], mmap_mode='r'), np.load(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
maps = np.array(maps[:count])
structure = ndimage.generate_binary_structure(3, 2)
volume = np.zeros(61 * 73 * 61, dtype=maps.dtype)
found = []
start = time.process_time()
for values in maps:
    volume[offsets] = np.where(values >= height, values, 0)
    image = volume.reshape(61, 73, 61)
    labels, clusters = ndimage.label(image, structure)
    if clusters > 0:
        index = np.arange(1, clusters + 1)
        np.bincount(labels.ravel())
        ndimage.maximum_position(image, labels, index)
        ndimage.center_of_mass(image, labels, index)
    found.append(clusters)
used = time.process_time() - start
print(json.dumps({'ms': 1000 * used / len(maps), 'version': scipy.__version__, 'clusters': found}))
