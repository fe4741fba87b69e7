// Pages of a listing by cursor: forward to what follows, back along the way one came.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** Where one is in a listing: the cursor to ask with, and the buttons, unless there is but one page. */
export function usePager(): { cursor: string | undefined; reset: () => void; buttons: (next: string | null) => ComponentChildren } {
  const [trail, setTrail] = useState<string[]>([]);
  const buttons = (next: string | null) => (next || trail.length > 0) && (
    <nav class="bar" aria-label="Pages">
      <button type="button" disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>
        Back
      </button>
      <button type="button" disabled={!next} onClick={() => next && setTrail([...trail, next])}>
        Next
      </button>
    </nav>
  );
  return { cursor: trail.at(-1), reset: () => setTrail([]), buttons };
}
