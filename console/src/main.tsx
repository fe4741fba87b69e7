// The console: who is signed in, the menu, and the page that the address names.

import { render } from "preact";
import { LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { hasToken, session, type Session, useToken } from "./api";
import { focusOnHeading, Page } from "./parts/basics";
import { forgetAll } from "./parts/unfinished";
import { AssetPage } from "./pages/AssetPage";
import { Assets } from "./pages/Assets";
import { Jobs } from "./pages/Jobs";
import { People } from "./pages/People";
import { ProductionPage } from "./pages/ProductionPage";
import { Productions } from "./pages/Productions";
import { ProjectAssetPage } from "./pages/ProjectAssetPage";
import { ProjectPage } from "./pages/ProjectPage";
import { SignIn } from "./pages/SignIn";
import { StoreAssetPage } from "./pages/StoreAssetPage";
import { Stores } from "./pages/Stores";
import { SpaceAssetPage } from "./pages/SpaceAssetPage";
import { Tasks } from "./pages/Tasks";
import { WorkspacePage } from "./pages/WorkspacePage";
import { Workspaces } from "./pages/Workspaces";
import { Who } from "./use";

const MENU = [
  ["/console", "Assets"],
  ["/console/stores", "Stores"],
  ["/console/workspaces", "Workspaces"],
  ["/console/workers", "Workers"],
  ["/console/productions", "Productions"],
  ["/console/jobs", "Jobs"],
] as const;
const FOR_SUPERUSERS = [["/console/people", "People"]] as const;

function Menu({ who, leave }: { who: Session; leave: () => void }) {
  const { path } = useLocation();
  const entries = who.superuser ? [...MENU, ...FOR_SUPERUSERS] : MENU;
  const here = entries.map(([to]) => to).findLast((to) => path === to || path.startsWith(`${to}/`));
  return (
    <header>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <nav aria-label="Console">
        <strong>Asset manager</strong>
        {entries.map(([to, name]) => (
          <a href={to} aria-current={here === to ? "page" : undefined} key={to}>
            {name}
          </a>
        ))}
        <a href="/reference" target="_blank" rel="noopener">
          API reference
        </a>
      </nav>
      <p>
        {who.name}{" "}
        {hasToken() && (
          <button type="button" onClick={leave}>
            Sign out
          </button>
        )}
      </p>
    </header>
  );
}

function Missing() {
  return (
    <Page title="There is no such page">
      <p>
        <a href="/console">To the assets</a>
      </p>
    </Page>
  );
}

function Console() {
  const [who, setWho] = useState<Session | null>();
  useEffect(() => {
    // Where the product is open to everybody, a caller without a token is somebody too.
    session().then(setWho, () => {
      useToken("");
      setWho(null);
    });
  }, []);

  if (who === undefined) return <p class="hint">One moment …</p>;
  if (who === null) {
    return (
      <main id="main">
        <SignIn signedIn={setWho} />
      </main>
    );
  }
  const leave = () => {
    useToken("");
    forgetAll();
    setWho(null);
  };
  return (
    <Who.Provider value={who}>
      <Menu who={who} leave={leave} />
      <main id="main">
        <Router onRouteChange={focusOnHeading}>
          <Route path="/console" component={Assets} />
          <Route path="/console/assets/:id" component={AssetPage} />
          <Route path="/console/stores" component={Stores} />
          <Route path="/console/stores/:store/:project" component={ProjectPage} />
          <Route path="/console/stores/:store/:project/:asset" component={StoreAssetPage} />
          <Route path="/console/workspaces" component={Workspaces} />
          <Route path="/console/workspaces/:workspace" component={WorkspacePage} />
          <Route path="/console/workspaces/:workspace/assets/:asset+" component={SpaceAssetPage} />
          <Route path="/console/workers" component={Tasks} />
          <Route path="/console/productions" component={() => <Productions session={who} />} />
          <Route path="/console/productions/:production" component={(at) => <ProductionPage {...at} session={who} />} />
          <Route path="/console/productions/:production/:asset" component={(at) => <ProjectAssetPage {...at} session={who} />} />
          <Route path="/console/people" component={who.superuser ? People : Missing} />
          <Route path="/console/jobs" component={() => <Jobs session={who} />} />
          <Route default component={Missing} />
        </Router>
      </main>
    </Who.Provider>
  );
}

const root = document.getElementById("app");
if (root) {
  render(
    <LocationProvider scope="/console">
      <Console />
    </LocationProvider>,
    root,
  );
}
