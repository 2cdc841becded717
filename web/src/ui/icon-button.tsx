import type { ButtonHTMLAttributes } from 'preact';
import { Icon, type IconName } from './icons.js';

type IconButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  icon: IconName;
  label: string;
  /** The key with the same function, for the tooltip. */
  hint?: string;
};

export const IconButton = ({ icon, label, hint, class: look = '', ...rest }: IconButtonProps) => (
  <button
    type="button"
    class={`icon-button ${look}`}
    aria-label={label}
    title={hint === undefined ? label : `${label} (${hint})`}
    {...rest}
  >
    <Icon name={icon} />
  </button>
);
