/** A value that follows from signals: the component renders again only when the value itself has changed. */
import { computed } from '@preact/signals';
import { useMemo } from 'preact/hooks';

/** `derive` reads signals, and else only what is in `inputs`. */
export const useDerived = <T>(derive: () => T, inputs: readonly unknown[]): T =>
  useMemo(() => computed(derive), inputs).value;
