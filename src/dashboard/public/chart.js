// Charts where script runs: the server's columns are replaced by uPlot's, with requests and errors beside the spend, and
// the figures of the place that is pointed at. Colours follow the page's, light and dark.
const heightPx = 240;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const iso = (seconds) => new Date(seconds * 1000).toISOString();
const dollars = (usd) => `$${usd.toLocaleString('en-US', { maximumFractionDigits: usd < 1 ? 6 : 2 })}`;
const whole = (number) => (number === null || number === undefined ? '–' : number.toLocaleString('en-US'));

// uPlot does not load if the browser's language is invalid (`en-US@posix`); the server's drawing stays.
const figures = typeof uPlot === 'function' ? document.querySelectorAll('figure[data-chart]') : [];
for (const figure of figures) {
  const points = JSON.parse(figure.dataset.chart);
  const step = points.by === 'hour' ? 3600 : 86400;
  const place = document.createElement('div');
  place.setAttribute('role', 'img');
  place.setAttribute('aria-label', figure.dataset.label);
  figure.replaceChildren(place);
  let plot;
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(optionsOf(points, step, place.clientWidth), dataOf(points), place);
  };
  draw();
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: heightPx })).observe(figure);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
}

function dataOf({ at, usd, requests, errors }) {
  return [at, usd, requests, errors];
}

function optionsOf({ by, at, usd, requests, errors, words }, step, width) {
  const axis = {
    stroke: colour('--soft'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
  // At midnight the axis of hours names the day.
  const short = (seconds) => {
    const [day, time] = [iso(seconds).slice(5, 10), iso(seconds).slice(11, 16)];
    return by === 'day' || time === '00:00' ? day : time;
  };
  const long = (seconds) =>
    by === 'hour' ? iso(seconds).slice(0, 16).replace('T', ' ') : iso(seconds).slice(0, 10);
  return {
    width,
    height: heightPx,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { drag: { x: false, y: false } },
    scales: {
      // Bars and points stand in the middle of their hour or day.
      x: { time: true, range: () => [at[0] - step / 2, at.at(-1) + step / 2] },
      usd: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
      count: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 60, values: (_plot, splits) => splits.map(short) },
      { ...axis, scale: 'usd', size: 76, values: (_plot, splits) => splits.map(dollars) },
      {
        ...axis,
        scale: 'count',
        side: 1,
        size: 56,
        grid: { show: false },
        values: (_plot, splits) => splits.map((number) => (Number.isInteger(number) ? whole(number) : '')),
      },
    ],
    series: [
      // While nothing is pointed at, the legend has the sums of the whole time.
      {
        label: words.time,
        value: (_plot, seconds) => (seconds == null ? `${long(at[0])} – ${long(at.at(-1))}` : long(seconds)),
      },
      {
        label: words.usd,
        scale: 'usd',
        stroke: colour('--chart'),
        fill: colour('--chart-fill'),
        width: 1,
        paths: uPlot.paths.bars({ size: [0.75, 48] }),
        points: { show: false },
        value: (_plot, one) => dollars(one ?? sum(usd)),
      },
      {
        label: words.requests,
        scale: 'count',
        stroke: colour('--warn'),
        width: 2,
        points: { show: false },
        value: (_plot, number) => whole(number ?? sum(requests)),
      },
      {
        label: words.errors,
        scale: 'count',
        stroke: colour('--bad'),
        width: 2,
        dash: [4, 3],
        points: { show: false },
        value: (_plot, number) => whole(number ?? sum(errors)),
      },
    ],
  };
}
