import type { Command } from 'commander';
import { withRemote } from './remote-options.js';

/** `voxreel doctor`: whether a study can run here. */
export function doctorProgram(program: Command, finish: (code: number) => void, cacheHelp: string): void {
  withRemote(program.command('doctor'))
    .argument('[file]', 'a workflow file: look at the folders that its runs use (default: those of this folder)')
    .summary('check this machine: Node, backends, ffmpeg, threads, memory, cache, folders')
    .description(
      'Tries what a run needs: both backends compute, ffmpeg decodes, the folders can be written, the cache is sound, the remote cache answers. Says what to do about each fault.',
    )
    .option('--json', 'print the findings as JSON')
    .option('--cache <dir>', cacheHelp)
    .option('--results <dir>', 'folder for the outputs (default: results, beside the workflow file)')
    .addHelpText('after', '\nExit codes: 0 everything that a run needs works, 1 something would stop a run.')
    .action(async (file, options) => finish(await (await import('./commands/doctor.js')).doctorCommand(file, options)));
}
