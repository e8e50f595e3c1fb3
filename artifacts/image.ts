export * from './grid.js';
export * from './nifti-data.js';
export * from './nifti-header.js';
export * from './nifti-write.js';
