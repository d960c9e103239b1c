"""Makes every part from the configuration and hands each what it needs. Used by `app.py` alone, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask

from config import Config
from features.archive.controller import archive_bp
from features.archive.export import WardrobeExport
from features.archive.service import WardrobeImport
from features.auth.controller import auth_bp
from features.auth.service import AuthService
from features.avatar.controller import avatar_bp
from features.avatar.service import AvatarService
from features.body_measurements.controller import measurements_bp
from features.body_measurements.service import MeasurementService
from features.fitting.controller import fitting_bp
from features.fitting.feedback import FeedbackService
from features.fitting.service import FittingService
from features.fitting.sources import GarmentFinder
from features.fitting.wearer import Wearers
from features.garments.categorize import Categorizer
from features.garments.controller import garments_bp
from features.garments.model import GarmentMetadataTable
from features.garments.packshots import Packshots
from features.garments.service import GarmentService
from features.operations.controller import images_bp, operations_bp
from features.operations.service import OperationsService
from features.outfits.controller import outfits_bp
from features.outfits.covers import OutfitCovers
from features.outfits.model import OutfitTable
from features.outfits.service import OutfitService
from features.tryon.admission import Admission, Room
from features.tryon.batch_controller import batch_bp
from features.tryon.budgets import Budgets, Caps
from features.tryon.claims import ClaimTable, Shares
from features.tryon.closet import Closet
from features.tryon.controller import tryon_bp
from features.tryon.drafts import Drafts, DraftSettings
from features.tryon.events import JobEventTable
from features.tryon.idempotency import IdempotencyTable
from features.tryon.job_controller import jobs_bp
from features.tryon.job_queue import JobQueue, TryOnWork, WorkLimits
from features.tryon.kept_answers import KeptAnswers
from features.tryon.leases import LeaseTable
from features.tryon.ledger import Ledger
from features.tryon.line import LineTable
from features.tryon.links import GarmentLinks
from features.tryon.model import KIND, TryOnJobTable
from features.tryon.pictures import JobPictures
from features.tryon.plain_poll import PlainPoll
from features.tryon.result_cache import ResultCache, ResultTable
from features.tryon.retention import Retention, RetentionTable
from features.tryon.service import TryOnService
from features.tryon.stream import JobStreams
from features.tryon.submission import SubmitService
from features.tryon.tried_on import FinishedJobs
from features.tryon.usage import ProviderCallTable
from features.tryon.usage_controller import usage_bp
from features.tryon.usage_report import UsageService
from features.tryon.views import JobViews
from features.tryon.waiting import JobChanges, JobWaiting, WaitRoom
from features.users.controller import users_bp
from features.users.service import AccountEraser, UserService
from features.wardrobe.bulk import BulkService
from features.wardrobe.bulk_controller import bulk_bp
from features.wardrobe.category_controller import categories_bp
from features.wardrobe.category_service import CategoryService
from features.wardrobe.controller import wardrobe_bp
from features.wardrobe.kinds import ItemKinds
from features.wardrobe.links import LinkedItems
from features.wardrobe.model import WardrobeTable
from features.wardrobe.pictures import ItemPictures
from features.wardrobe.search import ItemSearch
from features.wardrobe.service import WardrobeService
from features.wardrobe.tried_on import KnowsJobs
from features.wardrobe.wear_controller import wear_bp
from features.wardrobe.wear_model import WearTable
from features.wardrobe.wear_service import WearService
from migrations.migration_manager import MigrationManager
from shared.clock import utc_now
from shared.cpu import CpuGate, available_cores
from shared.database import DatabaseManager
from shared.engines.base import CutOut, ImageEngine
from shared.engines.breaker import CircuitBreaker
from shared.engines.chain import EngineChain
from shared.engines.gemini import GeminiEngine
from shared.engines.models import reserve
from shared.engines.preview.cut_out import LocalCutOut
from shared.engines.preview.engine import PreviewEngine
from shared.engines.preview.garment import packshot_alpha
from shared.fast_lane import FastLane
from shared.frame import cors_headers
from shared.http_fetch import Fetcher
from shared.image_formats import EXTENSIONS, ImageLimits
from shared.image_keys import AVATARS, INPUTS, RESULTS, WARDROBE
from shared.image_links import ImageLinks
from shared.job_owners import ProcessMark
from shared.jobs import JobEngine
from shared.memory import give_memory_back
from shared.middleware import provide
from shared.orphans import OrphanSweep
from shared.passwords import PasswordHasher
from shared.renditions import RENDITIONS, Renditions, StoreWithRenditions
from shared.tokens import TokenService
from shared.uploads import UploadRoom


@dataclass(frozen=True)
class Foundation:
    """What several features stand on."""

    config: Config
    db: DatabaseManager
    storage: StoreWithRenditions
    gate: CpuGate
    limits: ImageLimits
    chain: EngineChain


def lay_foundation(config: Config, engines: Sequence[ImageEngine] | None) -> Foundation:
    db = DatabaseManager(config.database_path)
    if config.migrate_on_start:
        MigrationManager(db).run()
    gate = CpuGate()
    return Foundation(
        config=config,
        db=db,
        storage=StoreWithRenditions(config.images_dir, config.images_base_url),
        gate=gate,
        limits=_image_limits(config),
        chain=EngineChain(engines or make_engines(config, gate)),
    )


def _image_limits(config: Config) -> ImageLimits:
    kinds = frozenset(EXTENSIONS[name] for name in config.allowed_extensions)
    return ImageLimits(config.max_upload_size, config.max_image_pixels, kinds)


def make_engines(config: Config, gate: CpuGate) -> list[ImageEngine]:
    """In the order of the configuration."""
    return [_gemini(config, gate) if name == "gemini" else PreviewEngine(gate) for name in config.engines_in_order()]


def _gemini(config: Config, gate: CpuGate) -> ImageEngine:
    models = (config.gemini_model_name, *config.gemini_fallback_models)
    return GeminiEngine(
        api_key=config.gemini_api_key,
        gate=gate,
        base_url=config.gemini_base_url,
        models=models,
        max_input_side=config.gemini_input_side,
        garments_per_call=config.gemini_garments_per_call,
        max_calls=config.max_provider_calls_per_job,
        breaker=CircuitBreaker(config.circuit_failures, config.circuit_open_seconds),
    )


def wire(app: Flask, base: Foundation, inline_jobs: bool) -> JobEngine:
    config, db, storage = base.config, base.db, base.storage
    tokens = TokenService(db, config.jwt_secret_key, algorithm=config.jwt_algorithm, hours=config.jwt_expiration_hours)
    image_links = ImageLinks(config.secret_key, config.image_url_ttl_hours, config.images_base_url)
    cut_out = LocalCutOut(packshot_alpha)
    avatars = AvatarService(db, storage, cut_out, base.gate, base.limits)
    garments = _garments(base)
    pictures = JobPictures(storage, cut_out, base.gate)
    wardrobe, categories = _wardrobe(base, garments, cut_out, FinishedJobs(TryOnJobTable(db), pictures))
    wears = WearService(db, WardrobeTable(db, ItemSearch(db)))
    outfits = _outfits(base, wears)
    links = GarmentLinks(
        garments, base.limits, base.gate, allow_underwear_and_swimwear=config.allow_underwear_and_swimwear
    )
    closet = Closet(wardrobe, outfits, base.limits)
    jobs, tryon = _tryon(app, base, avatars, pictures, links, closet, inline_jobs)
    hasher = PasswordHasher()
    measurements = MeasurementService(db)
    feedback = FeedbackService(db)
    erasers: list[AccountEraser] = [measurements, avatars, tryon, wardrobe, categories, outfits, feedback]
    users = UserService(db, hasher, tokens, erasers=erasers)
    fitting = FittingService(Wearers(users, measurements, utc_now), GarmentFinder(garments, wardrobe), feedback)
    auth = AuthService(db, users, measurements, hasher, tokens)
    renditions = Renditions(storage, base.gate, config.rendition_cache_size)
    budgets = make_budgets(base)
    operations = OperationsService(db, storage, base.chain, jobs, budgets, _capabilities(config))
    provide(app, UsageService(ProviderCallTable(db), budgets))
    app.register_blueprint(usage_bp)
    provide(app, tokens, image_links, garments, storage, base.limits, avatars, tryon, users, auth, operations)
    provide(app, measurements, fitting, renditions)
    provide(app, wardrobe, categories, wears, outfits, BulkService(wardrobe), *_archive(base, wardrobe, categories))
    for blueprint in (auth_bp, users_bp, measurements_bp, avatar_bp, garments_bp, fitting_bp, tryon_bp, jobs_bp):
        app.register_blueprint(blueprint)
    for blueprint in (operations_bp, wardrobe_bp, bulk_bp, categories_bp, wear_bp, outfits_bp, archive_bp, batch_bp):
        app.register_blueprint(blueprint)
    rooms = {WARDROBE: lambda key: wardrobe.belongs(key) or outfits.belongs(key), RENDITIONS: renditions.belongs}
    app.extensions["retention"].also += [OrphanSweep(base.storage, rooms), give_memory_back]
    app.register_blueprint(images_bp, url_prefix=config.images_base_url)
    _let_plain_polls_by(app, config, PlainPoll(tokens, tryon))
    return jobs


def _let_plain_polls_by(app: Flask, config: Config, poll: PlainPoll) -> None:
    cors = cors_headers(app, config.origins())
    app.wsgi_app = FastLane(app.wsgi_app, "/api/job/", "/api/job/<job_id>", poll, cors)  # type: ignore[method-assign]


def _tryon(
    app: Flask,
    base: Foundation,
    avatars: AvatarService,
    pictures: JobPictures,
    links: GarmentLinks,
    closet: Closet,
    inline_jobs: bool,
) -> tuple[JobEngine, TryOnService]:
    config, db = base.config, base.db
    table, calls, changes = TryOnJobTable(db), ProviderCallTable(db), JobChanges()
    retention = timedelta(days=config.result_retention_days)
    only_preview = all(engine.name == PreviewEngine.name for engine in base.chain.engines)
    # Workers mostly wait for a provider; the preview keeps a core busy, so more of them would only wait for each other.
    workers = min(config.tryon_workers, 2 * available_cores()) if only_preview else config.tryon_workers
    express = min(config.tryon_express_workers, 1) if only_preview else config.tryon_express_workers
    shares = Shares(workers, express, config.tryon_running_per_user)
    limits = WorkLimits(
        timeout_seconds=config.job_timeout_seconds,
        max_attempts=config.tryon_max_attempts,
        retention=retention,
    )
    sweep = Retention(RetentionTable(db), table, pictures, inputs_kept=timedelta(hours=config.input_retention_hours))
    rooms = {INPUTS: sweep.input_belongs, RESULTS: sweep.result_belongs, AVATARS: avatars.belongs}
    sweep.also += [base.storage.sweep_temporary, OrphanSweep(base.storage, rooms), ItemSearch(db).sweep]
    app.extensions["retention"] = sweep
    answers = KeptAnswers(base.storage)
    ledger = Ledger(db, calls, make_budgets(base), max_calls=config.max_provider_calls_per_job, answers=answers)
    sweep.also.append(calls.give_up_forgotten)
    claims, leases = ClaimTable(db, shares), LeaseTable(db)
    first, version = base.chain.engines[0].name, base.chain.version
    cache = ResultCache(ResultTable(db), table, pictures, engine=first, version=version, retention=retention)
    work = TryOnWork(claims, leases, table, ledger, pictures, base.chain, cache, sweep, links, limits, changes)
    jobs = JobEngine(
        {KIND: work},
        ProcessMark(Path(f"{config.database_path}.workers")),
        threads=shares.threads,
        lease_seconds=config.job_lease_seconds,
        inline=inline_jobs,
    )
    views = JobViews(LineTable(db), shares, first_engine=base.chain.engines[0].name)
    keys, queue = IdempotencyTable(db), JobQueue(jobs, table)
    drafts = Drafts(closet, cache, DraftSettings(version, only_preview, config.allow_underwear_and_swimwear))
    admission = Admission(table, views, make_budgets(base), _room(base))
    submit = SubmitService(
        db, table, keys, views, pictures, queue, avatars, drafts, cache, admission, base.limits, base.gate
    )
    provide(app, submit, UploadRoom(2 * available_cores()), *_waiting(app, base, table, views, changes))
    service = TryOnService(table, views, pictures, queue, changes, retention)
    return jobs, service


def _room(base: Foundation) -> Room:
    config = base.config
    first, *others = [engine.name for engine in base.chain.engines]
    return Room(
        config.max_queue_size,
        config.max_jobs_per_user,
        spends=first != PreviewEngine.name,
        has_preview=PreviewEngine.name in others,
    )


def _waiting(
    app: Flask, base: Foundation, table: TryOnJobTable, views: JobViews, changes: JobChanges
) -> tuple[JobWaiting, JobStreams]:
    room = WaitRoom(base.config.server_threads // 2)
    events = JobEventTable(base.db)
    app.extensions["job_changes"] = changes
    return JobWaiting(table, events, views, changes, room), JobStreams(table, events, changes, room)


def make_budgets(base: Foundation) -> Budgets:
    """Keeps nothing itself: all of them see the same rows."""
    config = base.config
    call_usd = reserve(config.gemini_model_name, pictures=2) if "gemini" in config.engines_in_order() else 0.0
    caps = Caps(config.daily_calls_per_user, config.daily_usd_per_user, config.daily_calls, config.daily_usd, call_usd)
    return Budgets(ProviderCallTable(base.db), caps)


def _garments(base: Foundation) -> GarmentService:
    config = base.config
    fetcher = Fetcher(allow_hosts=config.fetch_allow_hosts, image_bytes=config.max_upload_size)
    return GarmentService(GarmentMetadataTable(base.db), fetcher, Categorizer(base.gate, base.limits), base.gate)


def _wardrobe(
    base: Foundation, garments: GarmentService, cut_out: CutOut, jobs: KnowsJobs
) -> tuple[WardrobeService, CategoryService]:
    db, gate, limits = base.db, base.gate, base.limits
    items = WardrobeTable(db, ItemSearch(db))
    categories = CategoryService(db, items)
    links = LinkedItems(Packshots(garments, limits, gate, gate.interactive))
    pictures = ItemPictures(base.storage, cut_out, gate, limits)
    kinds = ItemKinds(categories, garments)
    return WardrobeService(db, items, pictures, categories, kinds, links, jobs), categories


def _outfits(base: Foundation, wears: WearService) -> OutfitService:
    db = base.db
    items, outfits = WardrobeTable(db, ItemSearch(db)), OutfitTable(db)
    covers = OutfitCovers(outfits, base.storage, base.gate)
    return OutfitService(db, outfits, items, wears, covers)


def _archive(
    base: Foundation, wardrobe: WardrobeService, categories: CategoryService
) -> tuple[WardrobeExport, WardrobeImport]:
    db, storage = base.db, base.storage
    items, outfits = WardrobeTable(db, ItemSearch(db)), OutfitTable(db)
    export = WardrobeExport(items, outfits, WearTable(db), categories, storage, base.config.max_request_size)
    return export, WardrobeImport(db, items, outfits, wardrobe.pictures, base.limits)


def _capabilities(config: Config) -> dict[str, object]:
    return {
        "limits": {
            "max_upload_size": config.max_upload_size,
            "max_request_size": config.max_request_size,
            "max_image_pixels": config.max_image_pixels,
            "max_queue_size": config.max_queue_size,
            "max_jobs_per_user": config.max_jobs_per_user,
            "daily_calls_per_user": config.daily_calls_per_user,
            "job_timeout_seconds": config.job_timeout_seconds,
            "result_retention_days": config.result_retention_days,
            "input_retention_hours": config.input_retention_hours,
            "image_url_ttl_hours": config.image_url_ttl_hours,
        },
        "image_types": list(config.allowed_extensions),
        "features": {"accounts": True, "avatar": True, "tryon": True, "tryon_multi": True, "remove_bg": True,
                     "batch": True, "events": True, "long_poll": True, "result_cache": True, "usage": True,
                     "product_links": True, "wardrobe": True, "fitting": True, "outfits": True},
    }  # fmt: skip
