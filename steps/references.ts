import { citedKeys, type Reference } from '../engine/methods/reference.js';
import type { MethodsText } from '../engine/methods/text.js';

type More = Partial<Pick<Reference, 'volume' | 'pages' | 'doi' | 'url'>>;

/** `authors` as `Family, G. H.; Family, G.`; `year` 0 for programs that are always being written. */
function reference(kind: Reference['kind']) {
  return (key: string, authors: string, year: number, title: string, where: string, more: More = {}): Reference => ({
    kind,
    key,
    authors: authors.split('; '),
    ...(year === 0 ? {} : { year }),
    title,
    ...(where === '' ? {} : { where }),
    ...more,
  });
}

const article = reference('article');
const misc = reference('misc');

/** What the sentences of the steps cite, by key. Sources of a step that its sentence does not name are in its declaration. */
const all = [
  article(
    'adelson1985',
    'Adelson, E. H.; Bergen, J. R.',
    1985,
    'Spatiotemporal energy models for the perception of motion',
    'Journal of the Optical Society of America A',
    { volume: '2', pages: '284-299', doi: '10.1364/JOSAA.2.000284' },
  ),
  article(
    'behzadi2007',
    'Behzadi, Y.; Restom, K.; Liau, J.; Liu, T. T.',
    2007,
    'A component based noise correction method (CompCor) for BOLD and perfusion based fMRI',
    'NeuroImage',
    { volume: '37', pages: '90-101', doi: '10.1016/j.neuroimage.2007.04.042' },
  ),
  article(
    'benjamini1995',
    'Benjamini, Y.; Hochberg, Y.',
    1995,
    'Controlling the false discovery rate: a practical and powerful approach to multiple testing',
    'Journal of the Royal Statistical Society B',
    { volume: '57', pages: '289-300', doi: '10.1111/j.2517-6161.1995.tb02031.x' },
  ),
  article(
    'benjamini2001',
    'Benjamini, Y.; Yekutieli, D.',
    2001,
    'The control of the false discovery rate in multiple testing under dependency',
    'The Annals of Statistics',
    { volume: '29', pages: '1165-1188', doi: '10.1214/aos/1013699998' },
  ),
  article(
    'bullmore1999',
    'Bullmore, E. T.; Suckling, J.; Overmeyer, S.; Rabe-Hesketh, S.; Taylor, E.; Brammer, M. J.',
    1999,
    'Global, voxel, and cluster tests, by theory and permutation, for a difference between two groups of structural MR images of the brain',
    'IEEE Transactions on Medical Imaging',
    { volume: '18', pages: '32-42', doi: '10.1109/42.750253' },
  ),
  article(
    'cox1996',
    'Cox, R. W.',
    1996,
    'AFNI: software for analysis and visualization of functional magnetic resonance neuroimages',
    'Computers and Biomedical Research',
    { volume: '29', pages: '162-173', doi: '10.1006/cbmr.1996.0014' },
  ),
  article(
    'daugman1985',
    'Daugman, J. G.',
    1985,
    'Uncertainty relation for resolution in space, spatial frequency, and orientation optimized by two-dimensional visual cortical filters',
    'Journal of the Optical Society of America A',
    { volume: '2', pages: '1160-1169', doi: '10.1364/JOSAA.2.001160' },
  ),
  article(
    'durbin1950',
    'Durbin, J.; Watson, G. S.',
    1950,
    'Testing for serial correlation in least squares regression: I',
    'Biometrika',
    { volume: '37', pages: '409-428', doi: '10.1093/biomet/37.3-4.409' },
  ),
  article(
    'esteban2019',
    'Esteban, O.; Markiewicz, C. J.; Blair, R. W.; Moodie, C. A.; Isik, A. I.; Erramuzpe, A.; Kent, J. D.; Goncalves, M.; DuPre, E.; Snyder, M.; Oya, H.; Ghosh, S. S.; Wright, J.; Durnez, J.; Poldrack, R. A.; Gorgolewski, K. J.',
    2019,
    'fMRIPrep: a robust preprocessing pipeline for functional MRI',
    'Nature Methods',
    { volume: '16', pages: '111-116', doi: '10.1038/s41592-018-0235-4' },
  ),
  misc('ffmpeg', 'FFmpeg developers', 0, 'FFmpeg', '', { url: 'https://ffmpeg.org' }),
  article(
    'friston1994',
    'Friston, K. J.; Worsley, K. J.; Frackowiak, R. S. J.; Mazziotta, J. C.; Evans, A. C.',
    1994,
    'Assessing the significance of focal activations using their spatial extent',
    'Human Brain Mapping',
    { volume: '1', pages: '210-220', doi: '10.1002/hbm.460010306' },
  ),
  article(
    'friston1996',
    'Friston, K. J.; Williams, S.; Howard, R.; Frackowiak, R. S. J.; Turner, R.',
    1996,
    'Movement-related effects in fMRI time-series',
    'Magnetic Resonance in Medicine',
    { volume: '35', pages: '346-355', doi: '10.1002/mrm.1910350312' },
  ),
  article(
    'friston1998',
    'Friston, K. J.; Fletcher, P.; Josephs, O.; Holmes, A.; Rugg, M. D.; Turner, R.',
    1998,
    'Event-related fMRI: characterizing differential responses',
    'NeuroImage',
    { volume: '7', pages: '30-40', doi: '10.1006/nimg.1997.0306' },
  ),
  article(
    'friston2002',
    'Friston, K. J.; Glaser, D. E.; Henson, R. N. A.; Kiebel, S.; Phillips, C.; Ashburner, J.',
    2002,
    'Classical and Bayesian inference in neuroimaging: applications',
    'NeuroImage',
    { volume: '16', pages: '484-512', doi: '10.1006/nimg.2002.1091' },
  ),
  article(
    'glover1999',
    'Glover, G. H.',
    1999,
    'Deconvolution of impulse response in event-related BOLD fMRI',
    'NeuroImage',
    { volume: '9', pages: '416-429', doi: '10.1006/nimg.1998.0419' },
  ),
  article(
    'gorgolewski2016',
    'Gorgolewski, K. J.; Auer, T.; Calhoun, V. D.; Craddock, R. C.; Das, S.; Duff, E. P.; Flandin, G.; Ghosh, S. S.; Glatard, T.; Halchenko, Y. O.; others',
    2016,
    'The brain imaging data structure, a format for organizing and describing outputs of neuroimaging experiments',
    'Scientific Data',
    { volume: '3', pages: '160044', doi: '10.1038/sdata.2016.44' },
  ),
  article(
    'hayasaka2004',
    'Hayasaka, S.; Phan, K. L.; Liberzon, I.; Worsley, K. J.; Nichols, T. E.',
    2004,
    'Nonstationary cluster-size inference with random field and permutation methods',
    'NeuroImage',
    { volume: '22', pages: '676-687' },
  ),
  article(
    'holmes1998',
    'Holmes, A. P.; Friston, K. J.',
    1998,
    'Generalisability, random effects and population inference',
    'NeuroImage',
    { volume: '7', pages: 'S754' },
  ),
  misc('itu2015', 'International Telecommunication Union', 2015, 'Recommendation ITU-R BT.709-6', ''),
  article(
    'kiebel1999',
    'Kiebel, S. J.; Poline, J. B.; Friston, K. J.; Holmes, A. P.; Worsley, K. J.',
    1999,
    'Robust smoothness estimation in statistical parametric maps using standardized residuals from the general linear model',
    'NeuroImage',
    { volume: '10', pages: '756-766', doi: '10.1006/nimg.1999.0508' },
  ),
  article(
    'lovell1963',
    'Lovell, M. C.',
    1963,
    'Seasonal adjustment of economic time series and multiple regression analysis',
    'Journal of the American Statistical Association',
    { volume: '58', pages: '993-1010', doi: '10.1080/01621459.1963.10480682' },
  ),
  article(
    'luo2003',
    'Luo, W. L.; Nichols, T. E.',
    2003,
    'Diagnosis and exploration of massively univariate neuroimaging models',
    'NeuroImage',
    { volume: '19', pages: '1014-1032', doi: '10.1016/S1053-8119(03)00149-6' },
  ),
  article(
    'nichols2002',
    'Nichols, T. E.; Holmes, A. P.',
    2002,
    'Nonparametric permutation tests for functional neuroimaging: a primer with examples',
    'Human Brain Mapping',
    { volume: '15', pages: '1-25', doi: '10.1002/hbm.1058' },
  ),
  article(
    'nilearn',
    'Abraham, A.; Pedregosa, F.; Eickenberg, M.; Gervais, P.; Mueller, A.; Kossaifi, J.; Gramfort, A.; Thirion, B.; Varoquaux, G.',
    2014,
    'Machine learning for neuroimaging with scikit-learn',
    'Frontiers in Neuroinformatics',
    { volume: '8', pages: '14', doi: '10.3389/fninf.2014.00014' },
  ),
  misc('onnxruntime', 'ONNX Runtime developers', 0, 'ONNX Runtime', '', { url: 'https://onnxruntime.ai' }),
  article('peli1990', 'Peli, E.', 1990, 'Contrast in complex images', 'Journal of the Optical Society of America A', {
    volume: '7',
    pages: '2032-2040',
    doi: '10.1364/JOSAA.7.002032',
  }),
  article(
    'power2012',
    'Power, J. D.; Barnes, K. A.; Snyder, A. Z.; Schlaggar, B. L.; Petersen, S. E.',
    2012,
    'Spurious but systematic correlations in functional connectivity MRI networks arise from subject motion',
    'NeuroImage',
    { volume: '59', pages: '2142-2154', doi: '10.1016/j.neuroimage.2011.10.018' },
  ),
  article(
    'prichard1994',
    'Prichard, D.; Theiler, J.',
    1994,
    'Generating surrogate data for time series with several simultaneously measured variables',
    'Physical Review Letters',
    { volume: '73', pages: '951-954', doi: '10.1103/PhysRevLett.73.951' },
  ),
  misc('pymoten', 'Gallant Lab', 0, 'pymoten: motion energy features from video', '', {
    url: 'https://gallantlab.org/pymoten',
  }),
  reference('inproceedings')(
    'simonyan2015',
    'Simonyan, K.; Zisserman, A.',
    2015,
    'Very deep convolutional networks for large-scale image recognition',
    'International Conference on Learning Representations',
    { doi: '10.48550/arXiv.1409.1556' },
  ),
  article('smith1978', 'Smith, A. R.', 1978, 'Color gamut transform pairs', 'Computer Graphics', {
    volume: '12(3)',
    pages: '12-19',
    doi: '10.1145/965139.807361',
  }),
  article(
    'smith2009',
    'Smith, S. M.; Nichols, T. E.',
    2009,
    'Threshold-free cluster enhancement: addressing problems of smoothing, threshold dependence and localisation in cluster inference',
    'NeuroImage',
    { volume: '44', pages: '83-98', doi: '10.1016/j.neuroimage.2008.03.061' },
  ),
  article(
    'sohn2024',
    'Sohn, W. S.; Di, X.; Liang, Z.; Zhang, Z.; Biswal, B. B.',
    2024,
    'Explorations of using a convolutional neural network to understand brain activations during movie watching',
    'Psychoradiology',
    { volume: '4', pages: 'kkae021', doi: '10.1093/psyrad/kkae021' },
  ),
  misc('spm12', 'Wellcome Centre for Human Neuroimaging', 2014, 'SPM12', 'University College London', {
    url: 'https://www.fil.ion.ucl.ac.uk/spm/software/spm12/',
  }),
  misc(
    'tensorflowjs',
    'Smilkov, D.; Thorat, N.; Assogba, Y.; Yuan, A.; Kreeger, N.; Yu, P.; Zhang, K.; Cai, S.; Nielsen, E.; Soergel, D.; others',
    2019,
    'TensorFlow.js: machine learning for the web and beyond',
    '',
    { doi: '10.48550/arXiv.1901.05350' },
  ),
  article(
    'theiler1992',
    'Theiler, J.; Eubank, S.; Longtin, A.; Galdrikian, B.; Farmer, J. D.',
    1992,
    'Testing for nonlinearity in time series: the method of surrogate data',
    'Physica D',
    { volume: '58', pages: '77-94', doi: '10.1016/0167-2789(92)90102-S' },
  ),
  article(
    'virtanen2020',
    'Virtanen, P.; Gommers, R.; Oliphant, T. E.; Haberland, M.; Reddy, T.; Cournapeau, D.; Burovski, E.; Peterson, P.; Weckesser, W.; Bright, J.; others',
    2020,
    'SciPy 1.0: fundamental algorithms for scientific computing in Python',
    'Nature Methods',
    { volume: '17', pages: '261-272', doi: '10.1038/s41592-019-0686-2' },
  ),
  article(
    'welch1947',
    'Welch, B. L.',
    1947,
    "The generalization of 'Student's' problem when several different population variances are involved",
    'Biometrika',
    { volume: '34', pages: '28-35', doi: '10.1093/biomet/34.1-2.28' },
  ),
  article(
    'winkler2014',
    'Winkler, A. M.; Ridgway, G. R.; Webster, M. A.; Smith, S. M.; Nichols, T. E.',
    2014,
    'Permutation inference for the general linear model',
    'NeuroImage',
    { volume: '92', pages: '381-397', doi: '10.1016/j.neuroimage.2014.01.060' },
  ),
  article(
    'worsley1996',
    'Worsley, K. J.; Marrett, S.; Neelin, P.; Vandal, A. C.; Friston, K. J.; Evans, A. C.',
    1996,
    'A unified statistical approach for determining significant signals in images of cerebral activation',
    'Human Brain Mapping',
    { volume: '4', pages: '58-73' },
  ),
  article(
    'worsley2002',
    'Worsley, K. J.; Liao, C. H.; Aston, J.; Petre, V.; Duncan, G. H.; Morales, F.; Evans, A. C.',
    2002,
    'A general statistical analysis for fMRI data',
    'NeuroImage',
    { volume: '15', pages: '1-15', doi: '10.1006/nimg.2001.0933' },
  ),
];

const byKey = new Map(all.map((one) => [one.key, one]));

/** The sentences of a step with the references that they cite. */
export function cited(section: MethodsText['section'], text: string): MethodsText {
  const references = citedKeys(text).map((key) => {
    const found = byKey.get(key);
    if (!found) throw new Error(`there is no reference ${key}`);
    return found;
  });
  return { section, text, references };
}
