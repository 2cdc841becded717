import { fileProblem } from '../base/file-problem.js';

/** A system error in writing to the store as a Problem of code 'store'; any other error as it is. */
export const storeProblem = (error: unknown, folder: string): unknown =>
  fileProblem(error, { code: 'store', path: folder, access: 'write', option: '--store' });
