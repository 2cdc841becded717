/** Thrown while copying, when the source turns out unfit; `message` is the reason, one phrase. */
export class Unfit extends Error {}

/** Thrown when pictures of the source are damaged; so may its sound be. */
export class Damaged extends Unfit {}
