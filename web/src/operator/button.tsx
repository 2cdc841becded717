import type { ButtonHTMLAttributes } from 'preact';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: 'primary' | 'danger' | 'small' };

export const Button = ({ kind, ...rest }: ButtonProps) => (
  <button type="button" class={kind === undefined ? 'button' : `button button-${kind}`} {...rest} />
);
