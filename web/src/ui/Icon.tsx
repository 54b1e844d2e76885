// Own icons: lines on a grid of 24, in the colour of the text.

const PATHS = {
  today: "M4 12h4l2.5-6 4 12L17 12h3",
  types: "M4 19V5M4 19h16M8 15l3.5-4 3 2.5L20 7",
  sleep: "M20 14.5A8 8 0 1 1 9.5 4a6.5 6.5 0 0 0 10.5 10.5Z",
  workouts:
    "M13.5 5.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M6 20l3.5-4.5L12 13l-2-3 4-3 2.5 3.5H20M13 14l3 2 0 5M6 11l2-4 4-1",
  data: "M5 6c0-1.7 3.1-3 7-3s7 1.3 7 3-3.1 3-7 3-7-1.3-7-3ZM5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3",
  menu: "M4 7h16M4 12h16M4 17h16",
  person: "M8 8a4 4 0 1 0 8 0 4 4 0 1 0-8 0M4.5 20c1-3.6 4-5.5 7.5-5.5s6.5 1.9 7.5 5.5",
  left: "M14.5 6 8.5 12l6 6",
  right: "M9.5 6l6 6-6 6",
  search: "M5 11a6 6 0 1 0 12 0 6 6 0 1 0-12 0M15.5 15.5 20 20",
  download: "M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14",
  edit: "M5 19h3.5L19 8.5 15.5 5 5 15.5V19ZM13 7.5l3.5 3.5",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  why: "M9 9.2a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.1-1.5 2.2M12 17.2v.2M3.5 12a8.5 8.5 0 1 0 17 0 8.5 8.5 0 1 0-17 0",
  pill: "M7.8 19.2a4 4 0 0 1-5.7-5.6l7-7a4 4 0 0 1 5.7 5.6ZM8.5 10l5 5",
  upload: "M12 16V5M7.5 9.5 12 5l4.5 4.5M5 20h14",
  warning: "M12 4 2.8 20h18.4L12 4ZM12 10v5M12 17.6v.2",
  table: "M4 5h16v14H4ZM4 10h16M4 14.5h16M10 10v9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
