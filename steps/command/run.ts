import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Artifact, Produced } from '../../artifacts/artifact.js';
import { untrainedOf } from '../../artifacts/meta.js';
import { UserError } from '../../artifacts/user-error.js';
import type { StepContext } from '../../engine/step-type.js';
import { collectOutputs } from './collect-outputs.js';
import type { CommandParams } from './index.js';
import { fillArguments, fillLine, type Values } from './placeholders.js';
import { type Ending, runProgram } from './program.js';
import { stageInputs } from './stage-inputs.js';

export async function run(context: StepContext<CommandParams>): Promise<Record<string, Produced>> {
  const { params, workDir, threads, signal } = context;
  const staged = await stageInputs(context.inputs, workDir);
  for (const { path: file } of Object.values(params.outputs)) {
    await mkdir(path.dirname(path.join(workDir, file)), { recursive: true });
  }
  const temporary = path.join(workDir, 'tmp');
  await mkdir(temporary, { recursive: true });

  const values: Values = (side, port) => (side === 'in' ? staged.paths[port]! : [params.outputs[port]!.path]);
  const line =
    typeof params.run === 'string' ? fillLine(params.run, values, threads) : fillArguments(params.run, values, threads);
  const ending = await runProgram(line, { cwd: workDir, env: { TMPDIR: temporary, ...params.env }, signal });
  await staged.assertUnchanged();
  if (ending.exitCode !== 0) throw failure(ending, params.run);

  const artifacts = Object.values(context.inputs).flat() as Artifact[];
  return collectOutputs(params.outputs, workDir, untrainedOf(...artifacts.map(({ meta }) => meta)));
}

function failure({ exitCode, signal, startError, lastLines }: Ending, run: CommandParams['run']): UserError {
  const program = typeof run === 'string' ? 'the command' : `\`${run[0]}\``;
  if (startError !== undefined) {
    const why = startError === 'ENOENT' ? 'was not found' : `could not be started (${startError})`;
    const hint = 'Install it, or name it with its path. A script of the study comes in through a port (`{in.script}`).';
    return new UserError({ message: `${program} ${why}`, expected: 'a program in PATH', hint, keys: ['run'] });
  }
  const how = exitCode === undefined ? `was ended by ${signal ?? 'a signal'}` : `ended with exit code ${exitCode}`;
  const words = lastLines ? `; it wrote:\n${lastLines}` : ' and wrote nothing';
  const hint =
    signal === 'SIGKILL'
      ? 'A program that is ended by SIGKILL has often run out of memory.'
      : exitCode === 127
        ? 'Exit code 127 of the shell means that a program was not found.'
        : undefined;
  return new UserError({ message: `${program} ${how}${words}`, keys: ['run'], ...(hint ? { hint } : {}) });
}
