"""Reference numbers from other programs for the statistics of groups, thresholds and residuals.

The data are drawn here, from a seed, and are stored beside the results in references.json, so that the tests need neither
this script nor Python. To make the file again, with Debian's packages (the versions are noted in the file):

    apt-get install python3-numpy python3-scipy python3-statsmodels python3-nipy
    /usr/bin/python3 test/references/make.py > test/references/references.json
"""

import itertools
import json
import platform

import nipy
import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from nipy.algorithms.statistics import rft
from scipy import ndimage, signal, stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.stattools import durbin_watson

random = np.random.default_rng(20240120)


def group():
    """Effects of 11 subjects at 6 voxels, two groups, two covariates, and a second measurement of each subject."""
    n, voxels = 11, 6
    effects = random.normal(0.4, 1.0, (n, voxels)) * np.array([1, 10, 0.01, 1, 1, 1e3])
    second = 0.5 * effects + random.normal(0, 0.7, (n, voxels)) * np.array([1, 10, 0.01, 1, 1, 1e3])
    patients = np.array([1, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0], bool)
    age = np.round(random.uniform(18, 70, n), 1)
    score = np.round(random.normal(100, 15, n), 2)
    a, b = effects[patients], effects[~patients]
    equal = stats.ttest_ind(a, b)
    welch = stats.ttest_ind(a, b, equal_var=False)
    va, vb = a.var(0, ddof=1) / len(a), b.var(0, ddof=1) / len(b)
    paired = stats.ttest_rel(effects, second)
    centred = np.column_stack([np.ones(n), age - age.mean(), score - score.mean()])
    cells = np.column_stack([patients, ~patients, age - age.mean()]).astype(float)
    fits = [sm.OLS(effects[:, v], centred).fit() for v in range(voxels)]
    adjusted = [sm.OLS(effects[:, v], cells).fit() for v in range(voxels)]
    both = [fit.f_test(np.array([[0, 1, 0], [0, 0, 1]])) for fit in fits]
    difference = [fit.t_test([1, -1, 0]) for fit in adjusted]
    return {
        "effects": effects.tolist(),
        "second": second.tolist(),
        "patients": patients.tolist(),
        "age": age.tolist(),
        "score": score.tolist(),
        "two_sample": {"t": equal.statistic.tolist(), "p_twosided": equal.pvalue.tolist()},
        "welch": {
            "t": welch.statistic.tolist(),
            "p_twosided": welch.pvalue.tolist(),
            "df": ((va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))).tolist(),
        },
        "paired": {"t": paired.statistic.tolist(), "p_twosided": paired.pvalue.tolist()},
        "regression": {
            "effect": [fit.params[1] for fit in fits],
            "se": [fit.bse[1] for fit in fits],
            "t": [fit.tvalues[1] for fit in fits],
            "p_twosided": [fit.pvalues[1] for fit in fits],
            "mean": [fit.params[0] for fit in fits],
            "mean_se": [fit.bse[0] for fit in fits],
        },
        "F": {"F": [float(np.squeeze(f.fvalue)) for f in both], "p": [float(f.pvalue) for f in both]},
        "two_sample_covariate": {
            "effect": [float(t.effect[0]) for t in difference],
            "se": [float(np.squeeze(t.sd)) for t in difference],
            "t": [float(np.squeeze(t.tvalue)) for t in difference],
        },
    }


def fixed_effects():
    """Effects and standard errors of three runs at five voxels, weighed by their precision."""
    effect = random.normal(1, 2, (3, 5))
    se = random.uniform(0.2, 2.0, (3, 5))
    found = [combine_effects(effect[:, v], se[:, v] ** 2) for v in range(5)]
    return {
        "effect": effect.tolist(),
        "se": se.tolist(),
        "precision": {
            "effect": [float(f.mean_effect_fe) for f in found],
            "se": [float(f.sd_eff_w_fe) for f in found],
        },
    }


def discoveries():
    """p of 200 tests, some with an effect; ties among them."""
    p = np.round(np.concatenate([random.uniform(0, 1, 150), random.beta(0.3, 20, 50)]), 6)
    result = {"p": p.tolist()}
    for name in ("fdr_bh", "fdr_by", "bonferroni"):
        passed, adjusted, _, _ = multipletests(p, 0.05, method=name)
        result[name] = {"passed": int(passed.sum()), "adjusted": adjusted.tolist()}
    return result


def permutations():
    """All sign flips of 8 subjects, all ways to choose 4 of 8, by scipy.stats.permutation_test: p of the largest t of 20 voxels.

    The test permutes the numbers of the subjects (or their signs), and the statistic looks their data up.
    """
    n, voxels = 8, 20
    effects = random.normal(0, 1, (n, voxels))
    effects[:, :4] += 1.6
    numbers = np.arange(1.0, n + 1)

    def one_sample(signed):
        rows = effects[np.abs(signed).astype(int) - 1] * np.sign(signed)[:, None]
        return stats.ttest_1samp(rows, 0).statistic

    def two_sample(a, b):
        return stats.ttest_ind(effects[a.astype(int) - 1], effects[b.astype(int) - 1]).statistic

    def tested(data, statistic, kind):
        observed = statistic(*data)
        null = stats.permutation_test(
            data, lambda *x: statistic(*x).max(), permutation_type=kind, n_resamples=np.inf, alternative="greater", vectorized=False
        ).null_distribution
        p = [float(np.mean(null >= t * (1 - 1e-9) if t > 0 else null >= t * (1 + 1e-9))) for t in observed]
        return {"t": observed.tolist(), "maxima": np.sort(null).tolist(), "p_fwe": p}

    return {
        "effects": effects.tolist(),
        "one_sample": tested((numbers,), one_sample, "samples"),
        "two_sample": tested((numbers[:4], numbers[4:]), two_sample, "independent"),
    }


def enhancement():
    """TFCE of a map by its definition: clusters of every height by scipy.ndimage.label, the extent constant between heights."""
    shape = (7, 6, 5)
    values = np.round(ndimage.gaussian_filter(random.normal(0, 1, shape), 1) * 6, 3)
    result = {"shape": shape, "values": values.ravel("F").tolist()}
    for connectivity, rank in ((6, 1), (18, 2), (26, 3)):
        structure = ndimage.generate_binary_structure(3, rank)
        for e, h in ((0.5, 2.0), (1.0, 1.0)):
            out = np.zeros(shape)
            for sign in (1, -1):
                signed = sign * values
                heights = np.concatenate([[0.0], np.unique(signed[signed > 0])])
                for low, high in itertools.pairwise(heights):
                    labels, _ = ndimage.label(signed >= high, structure)
                    extent = np.bincount(labels.ravel())
                    slice_of = (high ** (h + 1) - low ** (h + 1)) / (h + 1)
                    inside = labels > 0
                    out[inside] += sign * extent[labels[inside]] ** e * slice_of
            result[f"connectivity{connectivity}_E{e}_H{h}"] = out.ravel("F").tolist()
    return result


def random_fields():
    """Euler characteristic densities by nipy, whose fields have unit variance of the gradient: times (4 ln 2)^(d/2) per resel."""
    heights = [1.5, 2.5, 3.2, 4.0, 5.5]
    per_resel = np.sqrt(4 * np.log(2)) ** np.arange(4)
    result = {"heights": heights}
    for name, field in (("normal", rft.Gaussian()), ("t13", rft.TStat(dfd=13)), ("t28", rft.TStat(dfd=28))):
        density = [[float(field.density(height, d)) for d in range(4)] for height in heights]
        result[name] = (np.array(density) * per_resel).tolist()
    return result


def residuals():
    """OLS residuals of two series: Durbin-Watson by statsmodels, lag-1 autocorrelation by numpy, periodogram by scipy."""
    result = []
    for time in (40, 61):
        series = np.zeros(time)
        for t in range(1, time):
            series[t] = 0.5 * series[t - 1] + random.normal()
        nuisance = np.column_stack([np.ones(time), np.linspace(-1, 1, time), random.normal(0, 1, time)])
        kernel = np.convolve(random.normal(0, 1, time), np.ones(4) / 4)[:time]
        fit = sm.OLS(series, np.column_stack([nuisance, kernel])).fit()
        e = fit.resid
        _, power = signal.periodogram(e, detrend=False, scaling="spectrum", return_onesided=False)
        frequencies = np.arange(1, time // 2 + 1)
        result.append(
            {
                "series": series.tolist(),
                "nuisance": nuisance.T.tolist(),
                "kernel": kernel.tolist(),
                "durbin_watson": float(durbin_watson(e)),
                "lag1": float(e[:-1] @ e[1:] / (e @ e)),
                # scipy: |DFT|^2 / T^2; ours: |DFT|^2 / (T s^2).
                "power": (power[frequencies] * time / (e @ e / fit.df_resid)).tolist(),
            }
        )
    return result


def smoothing():
    """A volume with voxels of unequal sides, smoothed along each axis as nilearn.image.smooth_img does (scipy gaussian_filter1d)."""
    shape, voxel_size = (9, 8, 7), (2.0, 3.5, 4.4)
    data = np.round(random.normal(100, 20, shape), 2)
    result = {"shape": shape, "voxel_size": voxel_size, "data": data.ravel("F").tolist()}
    for fwhm in (5, 8):
        out = data.copy()
        for axis, mm in enumerate(voxel_size):
            out = ndimage.gaussian_filter1d(out, fwhm / (np.sqrt(8 * np.log(2)) * mm), axis=axis)
        result[f"fwhm{fwhm}"] = out.ravel("F").tolist()
    return result


print(
    json.dumps(
        {
            "versions": {
                "python": platform.python_version(),
                "numpy": np.__version__,
                "scipy": scipy.__version__,
                "statsmodels": statsmodels.__version__,
                "nipy": nipy.__version__,
            },
            "group": group(),
            "fixed_effects": fixed_effects(),
            "discoveries": discoveries(),
            "permutations": permutations(),
            "enhancement": enhancement(),
            "random_fields": random_fields(),
            "residuals": residuals(),
            "smoothing": smoothing(),
        },
        indent=None,
    )
)
