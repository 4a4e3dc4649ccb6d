import type { Problem } from '../../errors.ts';
import { type Command, firstThatRuns } from './command.ts';

/** The programs that an installation needs. */
export interface Tools {
  readonly python: Command;
  readonly pip: Command;
  readonly compiler: Command;
}

/** Finds pip with its Python, and a C++ compiler; each one that is missing is a problem. */
export async function findTools(environment: NodeJS.ProcessEnv): Promise<Tools | { missing: Problem[] }> {
  const pythons: Command[] = [['python3'], ['python']];
  const [python, compiler] = await Promise.all([
    firstThatRuns(pythons, ['-m', 'pip', '--version'], environment),
    findCompiler(environment),
  ]);
  if (python && compiler) return { python, pip: [...python, '-m', 'pip'], compiler };
  const missing: Problem[] = [];
  if (!python) {
    missing.push({
      code: 'ENGINE_NEEDS_PIP',
      given: 'neither python3 -m pip nor python -m pip runs',
      expected: "Python's pip, which fetches libtensorflow",
      remedy: 'Install it, e.g. apt install python3-pip.',
    });
  }
  if (!compiler) {
    missing.push({
      code: 'ENGINE_NEEDS_COMPILER',
      given: 'none of g++, clang++, c++ runs',
      expected: "a C++17 compiler, which builds the engine's binding",
      remedy: 'Install one, e.g. apt install g++.',
    });
  }
  return { missing };
}

export function findCompiler(environment: NodeJS.ProcessEnv): Promise<Command | undefined> {
  return firstThatRuns([['g++'], ['clang++'], ['c++']], ['--version'], environment);
}
