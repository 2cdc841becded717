/** The product's logo: a picture and its echoes. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect class="mark-picture" x="3" y="15" width="16" height="12" rx="2.5" />
    <path class="mark-echo" d="M8 10h12.5a4 4 0 0 1 4 4v8" />
    <path class="mark-echo mark-echo-far" d="M13 5h11a5.5 5.5 0 0 1 5.5 5.5V17" />
  </svg>
);
