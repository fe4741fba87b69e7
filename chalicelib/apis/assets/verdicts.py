"""What an asset does when the verdict on one of its files falls."""

from chalicelib import clock
from chalicelib.apis.assets import publishing
from chalicelib.apis.assets.models import STATE_OF, Asset, State
from chalicelib.files import publications
from chalicelib.files.models import File, Verdict
from chalicelib.rows import ConditionFailed, update


def hear(asset_id: str, file: File) -> None:
    """Write the verdict on an asset's current file into the asset, and publish it if it is clean and public.

    Hearing of a file the asset no longer has changes nothing. Hearing the same again repairs what a crash left undone.
    """
    state = STATE_OF[Verdict(file.verdict)]
    actions = [
        Asset.state.set(state.value),
        Asset.judged_at.set(clock.now()),
        Asset.updated_at.set(clock.now()),
        Asset.version.set(Asset.version + 1),
    ]
    if file.library_key:
        actions += [Asset.library_key.set(file.library_key), Asset.size.set(file.size)]
    unheard = (Asset.file_id == file.file_id) & (Asset.state == State.UNSCANNED.value)
    try:
        asset = update(Asset.at(asset_id), actions, unheard)
    except ConditionFailed as failure:
        heard: Asset | None = failure.old
        if heard is not None and heard.file_id == file.file_id and file.verdict == Verdict.CLEAN:
            publications.publish(heard.public_path, heard.generation, publishing.edition_of(heard))
        return
    edition = publishing.edition_of(asset)
    if edition is not None:
        publications.publish(edition.path, asset.generation, edition)
