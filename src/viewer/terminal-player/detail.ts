/** How fine pictures are drawn, so that the line takes most of them. */

/** Sides of a picture, as a share of those that it has: about half as many pixels from one to the next. */
const STEPS = [1, 0.7, 0.5, 0.35, 0.25] as const;
/** After so many pictures it is judged. */
const FEW = 10;
/** More left out of those than this, and pictures become coarser. */
const MOST_LEFT_OUT = 4;
/** After so many of which none was left out, they become finer. */
const MANY = 150;

/** Counts pictures, those that were drawn and those that had to be left out. No timer, no clock. */
export class Detail {
  private step = 0;
  private pictures = 0;
  private leftOut = 0;
  private whole = 0;

  /** The share of a picture's sides that is to be drawn. */
  get share(): number {
    return STEPS[this.step];
  }

  /** Another picture has come, and the one before it was drawn or left out. */
  count(wasDrawn: boolean): void {
    this.pictures++;
    if (!wasDrawn) this.leftOut++;
    this.whole = wasDrawn ? this.whole + 1 : 0;
    if (this.whole >= MANY) this.go(-1);
    if (this.pictures < FEW) return;
    if (this.leftOut > MOST_LEFT_OUT) this.go(1);
    this.pictures = 0;
    this.leftOut = 0;
  }

  private go(by: number): void {
    this.step = Math.max(0, Math.min(STEPS.length - 1, this.step + by));
    this.whole = 0;
  }
}
