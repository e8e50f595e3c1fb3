// Reads weight files that must be refused, one after another, with the compiled code. Prints as JSON how many were
// refused with a UserError, the CPU time of the slowest (s) and the peak memory of the process (bytes).
import { UserError } from '../../dist/artifacts/user-error.js';
import { companionsBeside } from '../../dist/artifacts/weights/companions.js';
import { openWeights } from '../../dist/artifacts/weights/open.js';
import { findVgg, readVgg } from '../../dist/artifacts/weights/vgg-tensors.js';

let refused = 0;
let slowest = 0;
for (const file of process.argv.slice(2)) {
  const before = process.cpuUsage();
  try {
    const tensors = await openWeights(file, file, companionsBeside(file, file));
    try {
      await readVgg(tensors, findVgg(tensors, { network: 'vgg16' }));
    } finally {
      await tensors.close();
    }
  } catch (error) {
    if (error instanceof UserError) refused++;
  }
  const { user, system } = process.cpuUsage(before);
  slowest = Math.max(slowest, (user + system) / 1e6);
}
console.log(JSON.stringify({ refused, slowest, peak: process.resourceUsage().maxRSS * 1024 }));
