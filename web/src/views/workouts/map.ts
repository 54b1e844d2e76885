// A route on tiles of the owner's server, by Leaflet. This file and Leaflet are one script, which is loaded only if the session
// names such a server. The text of the attribution is not here: Leaflet would take it for markup.

import {
  type CircleMarker,
  circleMarker,
  control,
  divIcon,
  type LatLngTuple,
  type LeafletMouseEvent,
  layerGroup,
  map,
  marker,
  polyline,
  type Point as Spot,
  tileLayer,
} from "leaflet";
import { type Run, unwrapped } from "../../draw/route.ts";
import type { Point } from "../../draw/track.ts";

const [ZOOM_MAX, ZOOM_FIRST_MAX] = [19, 17];
const PADDING = 24;

export interface MapOptions {
  url: string;
  points: readonly Point[];
  isUs: boolean;
  /** Texts for the buttons. */
  zoomIn: string;
  zoomOut: string;
  /** A tile has come: there is something to see. */
  onTile: () => void;
  onFailedTile: () => void;
  /** The point that the pointer is near; null if it has left. */
  onPlace: (place: number | null) => void;
}

export interface RouteOnMap {
  color: (runs: readonly Run[]) => void;
  mark: (place: number | null) => void;
  resize: () => void;
  remove: () => void;
}

/** Shows the route in an element. Its style sheet is there. */
export function showMap(element: HTMLElement, options: MapOptions): RouteOnMap {
  const { points, onPlace } = options;
  const longitudes = unwrapped(points.map(({ longitude }) => longitude));
  const places = points.map(({ latitude }, place): LatLngTuple => [latitude, longitudes[place] ?? 0]);
  const shown = open(element, options);
  const fit = () =>
    shown.fitBounds(polyline(places).getBounds(), { padding: [PADDING, PADDING], maxZoom: ZOOM_FIRST_MAX });
  fit();
  let isUntouched = true;
  shown.on("mousedown zoomstart", () => {
    isUntouched = false;
  });
  const lines = layerGroup().addTo(shown);
  ends(places).addTo(shown);
  const here = circleMarker([0, 0], {
    radius: 7,
    weight: 3,
    className: "map-here",
    fillOpacity: 1,
    interactive: false,
  });

  let spots: Spot[] | null = null;
  shown.on("zoomend viewreset resize", () => {
    spots = null;
  });
  const follow = ({ layerPoint }: LeafletMouseEvent) => {
    spots ??= places.map((place) => shown.latLngToLayerPoint(place));
    onPlace(nearestSpot(spots, layerPoint));
  };
  shown
    .on("mousemove", follow)
    .on("click", follow)
    .on("mouseout", () => onPlace(null));
  const at = (place: number): LatLngTuple => places[place] ?? [0, 0];
  return {
    color: (runs) => {
      lines.clearLayers();
      for (const run of runs) lines.addLayer(stroke(run.places.map(at), "map-casing", 8));
      for (const run of runs) lines.addLayer(stroke(run.places.map(at), `map-line ramp-${run.step}`, 4.5));
      if (shown.hasLayer(here)) here.bringToFront();
    },
    mark: (place) => moveTo(here, place === null ? null : at(place), shown),
    resize: () => {
      shown.invalidateSize({ animate: false });
      if (isUntouched) {
        fit();
        isUntouched = true;
      }
    },
    remove: () => shown.remove(),
  };
}

function open(element: HTMLElement, { url, isUs, zoomIn, zoomOut, onTile, onFailedTile }: MapOptions) {
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = map(element, {
    attributionControl: false,
    zoomControl: false,
    // One finger, and a wheel, scroll the page.
    dragging: !matchMedia("(pointer: coarse)").matches,
    scrollWheelZoom: false,
    zoomAnimation: !isStill,
    fadeAnimation: !isStill,
    inertia: !isStill,
    maxZoom: ZOOM_MAX,
  });
  control.zoom({ zoomInTitle: zoomIn, zoomOutTitle: zoomOut }).addTo(shown);
  control.scale({ metric: !isUs, imperial: isUs }).addTo(shown);
  // Many servers of tiles ask for the address of the page. The path is not in it.
  tileLayer(url, { maxZoom: ZOOM_MAX, referrerPolicy: "strict-origin", crossOrigin: isOnThisHost(url) && "anonymous" })
    .on("tileload", onTile)
    .on("tileerror", onFailedTile)
    .addTo(shown);
  return shown;
}

/** Cookies know no ports: another program of this host would get that of the session, unless the request has no credentials. */
function isOnThisHost(url: string): boolean {
  return new URL(url.replace(/\{\w\}/g, "0")).hostname === location.hostname;
}

/** A ring at the start, a square at the end. */
function ends(places: readonly LatLngTuple[]) {
  const [start = [0, 0], end = start] = [places[0], places.at(-1)];
  const ring = circleMarker(start, {
    radius: 5,
    weight: 2.5,
    className: "map-start",
    fillOpacity: 1,
    interactive: false,
  });
  const icon = divIcon({ className: "map-end", html: "", iconSize: [11, 11] });
  return layerGroup([ring, marker(end, { icon, interactive: false, keyboard: false })]);
}

const stroke = (places: LatLngTuple[], className: string, weight: number) =>
  polyline(places, { className, weight, interactive: false, smoothFactor: 0.5, noClip: false });

function moveTo(here: CircleMarker, place: LatLngTuple | null, shown: ReturnType<typeof map>): void {
  if (!place) {
    here.remove();
    return;
  }
  here.setLatLng(place);
  if (!shown.hasLayer(here)) here.addTo(shown);
  here.bringToFront();
}

function nearestSpot(spots: readonly Spot[], { x, y }: Spot): number | null {
  let [best, least]: [number | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const [place, spot] of spots.entries()) {
    const away = (spot.x - x) ** 2 + (spot.y - y) ** 2;
    if (away < least) [best, least] = [place, away];
  }
  return best;
}
