// Lines of longitude and latitude, the scale, north, start and end.

import { degreesText, labelledMeridians, type Sketch, scaleBar } from "../../draw/route.ts";
import { formatBrief } from "../../format/numbers.ts";
import { units } from "../../state/settings.ts";
import { texts } from "../../texts.ts";

export function Graticule({ sketch }: { sketch: Sketch }) {
  const { width, height, meridians, parallels, decimals } = sketch;
  return (
    <g>
      <g class="route-grid">
        {meridians.map(({ at }) => (
          <line key={at} x1={at} x2={at} y1={0} y2={height} />
        ))}
        {parallels.map(({ at }) => (
          <line key={at} x1={0} x2={width} y1={at} y2={at} />
        ))}
      </g>
      <g class="route-degrees">
        {labelledMeridians(sketch).map(({ at, degrees }) => (
          <text key={at} x={at + 4} y={12}>
            {degreesText(degrees, decimals, texts.workouts.eastWest)}
          </text>
        ))}
        {parallels
          .filter(({ at }) => at > 36 && at < height - 8)
          .map(({ at, degrees }) => (
            <text key={at} x={6} y={at - 5}>
              {degreesText(degrees, decimals, texts.workouts.northSouth)}
            </text>
          ))}
      </g>
      <North x={width - 20} />
      <Scale sketch={sketch} />
    </g>
  );
}

function North({ x }: { x: number }) {
  return (
    <g class="route-north" transform={`translate(${x} 14)`}>
      <path d="M0 0 5 14 0 10.5-5 14Z" />
      <text x={0} y={28} text-anchor="middle">
        {texts.workouts.northSouth[0]}
      </text>
    </g>
  );
}

function Scale({ sketch }: { sketch: Sketch }) {
  const isUs = units.value === "us";
  const [small, large] = isUs ? [0.3048, 1609.344] : [1, 1000];
  const wide = sketch.metresPerPixel * sketch.width * 0.3;
  const isLarge = wide >= large;
  const { length, pixels } = scaleBar(sketch, isLarge ? large : small);
  const unit = isUs ? (isLarge ? "mi" : "ft") : isLarge ? "km" : "m";
  const right = sketch.width - 12;
  const y = sketch.height - 12;
  return (
    <g class="route-scale">
      <path d={`M${right - pixels} ${y - 5}V${y}H${right}V${y - 5}`} />
      <text x={right} y={y - 10} text-anchor="end">
        {formatBrief(length)} {unit}
      </text>
    </g>
  );
}

/** A ring at the start, a square at the end: of a loop the one in the other. */
export function Marks({ sketch: { x, y }, last }: { sketch: Sketch; last: number }) {
  return (
    <g class="route-marks">
      <rect x={(x[last] ?? 0) - 4} y={(y[last] ?? 0) - 4} width={8} height={8} rx={1.5} />
      <circle cx={x[0]} cy={y[0]} r={6.5} />
    </g>
  );
}
