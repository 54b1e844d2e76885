// A titled part of a view: the only box there is. Boxes are never in boxes.

import type { ComponentChildren } from "preact";

interface CardProps {
  title?: string;
  /** Where the title leads to. */
  link?: string;
  /** At the right of the title: a link, a button, a figure. */
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Card({ title, link, aside, class: className, children }: CardProps) {
  return (
    <section class={className ? `card ${className}` : "card"} aria-label={title}>
      {(title || aside) && (
        <header class="card-head">
          {title && <h2>{link ? <a href={link}>{title}</a> : title}</h2>}
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}
