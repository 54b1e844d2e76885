// The route on a map, over the graticule: it appears with its first tile, so that the graticule stays while no server of tiles
// answers.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SessionAnswer } from "../../api/shapes.ts";
import type { Run } from "../../draw/route.ts";
import { nearest } from "../../draw/ticks.ts";
import type { Point } from "../../draw/track.ts";
import type { Cursor } from "../../plot/Stack.tsx";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";
import { loadStyle } from "../../ui/style.ts";
import type { RouteOnMap } from "./map.ts";

/** The style sheet of maps: the bundler knows its name. */
declare const MAP_STYLE: string;

/** Where maps come from, and whose they are. */
export type Tiles = NonNullable<SessionAnswer["tiles"]>;

interface RouteMapProps {
  tiles: Tiles;
  points: readonly Point[];
  runs: readonly Run[];
  width: number;
  cursor: Cursor;
  label: string;
}

export type MapState = "waiting" | "shown" | "failed";

/** Returns the map and whether it can be seen. */
export function RouteMap({
  tiles,
  points,
  runs,
  width,
  cursor,
  label,
  onState,
}: RouteMapProps & { onState: (state: MapState) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<RouteOnMap | null>(null);
  const [isShown, show] = useState(false);
  const isUs = units.value === "us";
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let made: RouteOnMap | null = null;
    let isOver = false;
    let hasTile = false;
    const onTile = () => {
      if (hasTile || isOver) return;
      hasTile = true;
      show(true);
      onState("shown");
    };
    const fail = () => {
      if (!hasTile && !isOver) onState("failed");
    };
    const onPlace = (index: number | null) => {
      cursor.value = index === null ? null : (points[index]?.at ?? null);
    };
    const { zoomIn, zoomOut } = texts.workouts;
    Promise.all([import("./map.ts"), loadStyle(MAP_STYLE)])
      .then(([{ showMap }]) =>
        showMap(element, { url: tiles.url, points, isUs, zoomIn, zoomOut, onTile, onFailedTile: fail, onPlace }),
      )
      .then((shown) => {
        if (isOver) return shown.remove();
        made = shown;
        setMap(shown);
      })
      .catch(fail);
    return () => {
      isOver = true;
      made?.remove();
      setMap(null);
      show(false);
    };
  }, [tiles.url, points, isUs]);
  useEffect(() => map?.color(runs), [map, runs]);
  useEffect(() => map?.resize(), [map, width]);
  const times = useMemo(() => points.map(({ at }) => at), [points]);
  useEffect(() => cursor.subscribe((at) => map?.mark(at === null ? null : nearest(times, at))), [map, times]);
  return (
    <div class={isShown ? "route-map" : "route-map hidden-map"}>
      {/* What Leaflet puts in here, Preact leaves alone. */}
      <div class="map" ref={place} role="region" aria-label={label} />
      {tiles.attribution !== null && <p class="map-attribution">{tiles.attribution}</p>}
    </div>
  );
}
