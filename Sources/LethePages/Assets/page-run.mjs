// A run live: the server's events move the bar as they come; where a stage or an epoch ended, the page is fetched again and its lists
// and curves replaced, so that there is one place that renders them. Without scripts the page reloads itself.

const run = document.querySelector("#run");
const [stage, percent, bar, line, connection] =
  ["#run-stage", "#run-percent", "#run-bar", "#run-line", "#run-connection"].map((selector) => document.querySelector(selector));
const events = new EventSource(run.dataset.events);
let done = 0;
let pending = null;

async function refresh() {
  pending = null;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["run-stages", "run-curves", "run-facts"]) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (old !== null && fresh !== null) old.replaceWith(document.adoptNode(fresh));
  }
}

/** Soon, and once for many: the stream begins with everything that happened so far. */
function refreshSoon() {
  pending ??= setTimeout(refresh, 500);
}

function show() {
  bar.value = done;
  percent.textContent = `${Math.floor(100 * Math.min(1, done / bar.max))} %`;
}

const heard = {
  began(event) {
    stage.textContent = event.stage;
    bar.max = Math.max(1, Number(event.units));
    done = 0;
    line.textContent = "";
    refreshSoon();
  },
  advanced(event) {
    done += Number(event.units);
  },
  resumed(event) {
    done = Number(event.steps);
    line.textContent = `goes on after ${event.steps} steps`;
  },
  epoch(event) {
    line.textContent = `epoch ${event.number}: loss ${Number(event.trainingLoss).toFixed(3)}`;
    refreshSoon();
  },
  notice(event) {
    line.textContent = event.text;
  },
};

events.addEventListener("open", () => {
  done = 0;
  connection.textContent = "live";
});
events.addEventListener("error", () => {
  connection.textContent = events.readyState === EventSource.CLOSED ? "ended" : "connecting again";
});
events.addEventListener("progress", (message) => {
  const event = JSON.parse(message.data);
  heard[event.event]?.(event);
  show();
});
events.addEventListener("job", () => {
  events.close();
  location.reload();
});
