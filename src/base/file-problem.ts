/** What the system refused about a file or folder, as a Problem. */
import { constants } from 'node:os';
import { messageOf, Problem, type ProblemCode, systemCode } from './problem.js';
import { IrregularFileError } from './regular-file.js';

/** Whether the system refused a call, as opposed to a fault of the program. */
export const isSystemError = (error: unknown): boolean => Object.hasOwn(constants.errno, systemCode(error) ?? '');

/** Whether the file or folder does not exist. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');

const tooManyFiles = [
  'too many files are open',
  'Raise the limit (ulimit -n, or LimitNOFILE of the service).',
] as const;
const broken = ['the disk or network file system fails', 'Check it, then try again.'] as const;
const missing = ['no such file or folder', 'Check the path.'] as const;
const unreadable = ['may not be read', 'Change its permissions, or run as its owner.'] as const;
type Explanation = readonly [cause: string, next: string];

const always: Readonly<Record<string, Explanation>> = {
  EMFILE: tooManyFiles,
  ENFILE: tooManyFiles,
  EIO: broken,
  ELOOP: ['a link on the path leads back to itself', 'Remove the link, or name what it should lead to.'],
  ENAMETOOLONG: ['a name on the path is longer than the file system allows', 'Check the path.'],
  ESTALE: broken,
  ETIMEDOUT: broken,
};
const whileReading: typeof always = {
  ...always,
  EACCES: unreadable,
  EPERM: unreadable,
  ENOENT: missing,
  ENOTDIR: missing,
};

function whileWriting(option: string | undefined): typeof always {
  const elsewhere = `choose another folder${option === undefined ? '' : ` with ${option}`}.`;
  const unwritable = ['may not be written to', `Change its permissions, or ${elsewhere}`] as const;
  const absent = ['a folder on its path is missing, or is a file', `Make that folder, or ${elsewhere}`] as const;
  const full = ['the disk is full', `Make room there, or ${elsewhere}`] as const;
  return {
    ...always,
    EACCES: unwritable,
    EPERM: unwritable,
    EROFS: unwritable,
    ENOENT: absent,
    ENOTDIR: absent,
    ENOSPC: full,
    EDQUOT: full,
  };
}

/**
 * A system error in reading from or writing to `path` as a Problem of `code`, which names the path, the cause and the
 * next step; `option` is the command line's option that chooses the folder. Any other error is returned as it is.
 */
export function fileProblem(
  error: unknown,
  { code, path, access, option }: { code: ProblemCode; path: string; access: 'read' | 'write'; option?: string },
): unknown {
  if (error instanceof IrregularFileError) {
    return new Problem(code, `${path}: is not a file`, 'Only regular files are read: name one.', { cause: error });
  }
  if (!isSystemError(error)) return error;
  const explanations = access === 'read' ? whileReading : whileWriting(option);
  const name = systemCode(error) ?? '';
  const [cause, next] = explanations[name] ?? [messageOf(error), 'Check the disk that it is on.'];
  return new Problem(code, `${path}: ${cause}${name in explanations ? ` (${name})` : ''}`, next, { cause: error });
}
