/** How a station's items are called and laid out: a server's defaults, and what single stations have instead. */
import { z } from 'zod';

export const preferenceFields = {
  /** What items are called by: their file's name, or the title in its metadata. NAME.nfo beside a file comes first. */
  titles: z.enum(['file', 'tag']).optional(),
};

const preferencesSchema = z.object(preferenceFields);
export type Preferences = z.output<typeof preferencesSchema>;

/** The preferences of a station: its own, or else its server's. */
export const preferencesOf = ({ titles }: Preferences, { titles: usualTitles }: Preferences): Preferences => ({
  titles: titles ?? usualTitles,
});
