/** Thrown while copying, when the source turns out unfit; `message` is the reason, one phrase. */
export class Unfit extends Error {}
