"""What a thing is, by the words of a shop: phrases of twenty languages, and those that fool a search for substrings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.garments.categories import categorize_words, platform_category, wardrobe_section
from features.garments.category_words import NEUTRAL, WEARABLE, kind_of, lexicon, tokens_of

TRUTH = Path(__file__).parents[4] / "shared" / "pages" / "truth.json"

TRAPS = """
    Laptop sleeve = none; Stone Desktop = none; Car seat cover = none; Gift card = none; Perfume = none
    Shoe rack = none
    Bag of coffee = none; Hat stand = none; Dog coat = none; Phone case = none; Beach towel = none
    Insoles for boots = none
    Bolsa de café en grano = none; Garment bag for suits = none; Shoe polish = none; Watch box = none
    Coat hanger = none
    Jeans with top stitching = jeans; Dress shoes = shoes; Dress shirt = shirt; Trouser = trousers; Shirt dress = dress
    T-shirt dress = dress; Swim shorts = shorts; Denim jacket = jacket; Skirt suit = suit; Jumpsuit = jumpsuit
    Sports bra = bra; Belt bag = bag; Hoodie dress = dress; Sweater vest = vest; Trousers with belt = trousers
    Leather belt with gold buckle = belt; Boot cut jeans = jeans; High-top trainers = sneakers
    Tie-dye T-shirt = t_shirt
    World Cup jersey = sweater; Suit jacket = blazer; Card holder = wallet; Suit bag = cover; Wine red dress = dress
    Drawstring trousers = trousers; Trousers with drawstring = trousers; Dress, wine = dress; Bob Marley tee = t_shirt
    Pull-on jeans = jeans; 2-in-1 shorts = shorts; Slip-on shoes = shoes; Stand collar jacket = jacket
    Shirt contrast collar = shirt; Set of 3 T-shirts = t_shirt; Men's Dress Shirts = shirt
    JACK & JONES CARDIGAN = cardigan
    Cap sleeve top = top; Coffee brown skirt = skirt; Rock T-shirt = t_shirt; BULL BAROQUE - Slim fit jeans = jeans
    Fear of God Women's Satin Nylon Bomber Jacket Desert Sand = jacket; Calvin Klein Jeans Sweatshirt = sweatshirt
    Faux fur coat = coat; Sweat shorts = shorts; Schutzhülle für Schuhe = none
    Lace-up ankle boots = boots; MILKSHAKE CROSSOVER - Across body bag = bag; Trench coat = coat
    Running tights = leggings
"""

# Language: phrase = type.
PHRASES = {
    "fr": """Robe chemise = dress; Robe pull = dress; Veste en jean = jacket; Manteau en laine = coat
        Jupe plissée = skirt
        Pull à col roulé = sweater; Sac à dos = backpack; Chaussures de running = sneakers; Gilet de costume = vest
        Costume homme = suit; Maillot de bain = swimsuit; Chemise de nuit = dress; Short en jean = shorts
        Jean slim = jeans
        Brassière de sport post-opératoire = bra; T-SHIRT CÔTELÉ UNI = t_shirt; Boucles d'oreilles argent = jewelry
        Doudoune sans manches = gilet; Housse de couette = cover; Bougie parfumée = home; Coque iPhone = cover""",
    "es": """Vestido camisero de punto = dress; Chaqueta vaquera = jacket; Sudadera con capucha = hoodie
        Zapatillas de casa = slippers; Bolso de mano con asa = bag; Cinturón de piel = belt; Tarjeta regalo = card
        Perfume para mujer = perfume; Pantalón corto = shorts; Traje de baño = swimsuit; Botines Puma Future 5.4 = boots
        Vaqueros cintura alta = jeans; Falda plisada = skirt; Camisa de lino = shirt; Abrigo de lana = coat""",
    "it": """Abito lungo in seta = dress; Camicia di lino uomo = shirt; Pantaloni cargo = trousers; Gonna midi = skirt
        Costume da bagno = swimsuit; Tuta da ginnastica = suit; Scarpe da ginnastica = sneakers; Maglione = sweater
        Occhiali da sole = sunglasses; Cappotto doppiopetto = coat; Stivali in pelle = boots; Borsa a tracolla = bag""",
    "pt": """Vestido comprido = dress; Calças de ganga = jeans; Saia midi = skirt; Casaco de malha = cardigan
        Sapatos de salto = heels; Camisola de lã = sweater; Camisa de linho = shirt; Ténis brancos = sneakers""",
    "de": """Umstandskleid in Wickeloptik = dress; Winterjacke mit Kapuze = jacket; Lederstiefel = boots
        Handtasche = bag
        Damen Strumpfhose = socks; Skihose = trousers; Badehose = shorts; Sitzbezug für Auto = cover
        Kleiderbügel = hanger
        Strickjacke = cardigan; Schlafanzug = pyjamas; Kapuzenpullover = hoodie; Jeansrock = skirt; Handyhülle = cover
        Lederhandschuhe = gloves; Waschmaschine = electronics; Kaffeetasse = home; Schuhregal = hanger""",
    "nl": """Spijkerbroek slim = jeans; Zomerjurk met bloemen = dress; Winterjas = jacket; Rugzak = backpack
        Enkellaarsjes = boots; Gebreide trui = sweater; Overhemd = shirt; Sjaal = scarf""",
    "sv": """Vinterjacka = jacket; Klänning i bomull = dress; Ryggsäck = backpack; Halsduk = scarf; Löparskor = sneakers
        Linneskjorta = shirt; Träningsbyxor = trousers; Mössa = hat""",
    "da": "Sommerkjole = dress; Nederdel = skirt; Striktrøje = sweater; Støvler = boots; Herreskjorte = shirt",
    "no": "Boblejakke = jacket; Ullgenser = sweater; Bukser = trousers; Votter = gloves; Støvletter = boots",
    "fi": """Villapaita = sweater; Välikausitakki = jacket; Farkut = jeans; Nilkkurit = boots; Juhlamekko = dress
        Käsineet = gloves; Vyö = belt; Lahjakortti = card""",
    "pl": """Sukienka koszulowa = dress; Spodnie dresowe = trousers; Koszulka polo = polo; Kurtka zimowa = jacket
        Buty do biegania = sneakers; Spódnica plisowana = skirt; Torebka skórzana = bag""",
    "cs": "Džíny skinny = jeans; Letní šaty = dress; Zimní bunda = jacket; Mikina s kapucí = sweatshirt; Sukně = skirt",
    "tr": """Kadın elbise = dress; Deri ceket = jacket; Spor ayakkabı = sneakers; Kot pantolon = jeans
        İpek gömlek = shirt""",
    "lv": "Vīriešu džemperis = sweater; Ziemas jaka = jacket; Kleita = dress; Soma = bag; Zeķes CALVIN KLEIN = socks",
    "ru": "Платье миди = dress; Джинсовая куртка = jacket; Кроссовки мужские = sneakers; Брюки = trousers; Сумка = bag",
}


def cases(text: str) -> list[tuple[str, str]]:
    """(phrase, type or "none") of each "phrase = type"."""
    pairs = [part.rpartition(" = ") for line in text.splitlines() for part in line.split("; ") if part.strip()]
    return [(phrase.strip(), wanted) for phrase, _, wanted in pairs]


@pytest.mark.parametrize(("phrase", "wanted"), cases(TRAPS))
def test_phrases_that_fool_substrings(phrase: str, wanted: str) -> None:
    verdict = categorize_words(title=phrase)
    assert verdict is not None
    assert (verdict.category if wanted == "none" else verdict.type) == wanted
    assert verdict.wearable == (verdict.category != "none")


@pytest.mark.parametrize(
    ("phrase", "wanted"), [case for text in PHRASES.values() for case in cases(text)], ids=lambda text: text
)
def test_phrases_of_many_languages(phrase: str, wanted: str) -> None:
    verdict = categorize_words(title=phrase)
    assert verdict is not None
    assert verdict.type == wanted


def test_there_are_enough_phrases() -> None:
    count = len(cases(TRAPS)) + sum(len(cases(text)) for text in PHRASES.values())
    assert count >= 150
    assert len(PHRASES) >= 12


@pytest.mark.parametrize(
    "name", ["OFLEKI", "Reebok Classic", "Jack & Jones", "Men's Dasher NZ", "Romantisch", "Address", ""]
)
def test_names_that_say_nothing_are_not_guessed(name: str) -> None:
    assert categorize_words(title=name) is None


def test_state_goes_before_breadcrumb_before_type_before_title() -> None:
    words = {"state": "CAMISA", "breadcrumb": ["Home", "Trousers"], "type_name": "Dresses", "title": "Belt"}
    order = []
    for dropped in ("state", "breadcrumb", "type_name", "title"):
        verdict = categorize_words(**words)  # type: ignore[arg-type]
        assert verdict is not None
        order.append((verdict.source, verdict.type))
        del words[dropped]
    assert order == [("state", "shirt"), ("breadcrumb", "trousers"), ("type", "dress"), ("title", "belt")]


def test_the_most_special_crumb_decides() -> None:
    verdict = categorize_words(breadcrumb=["Home", "Women", "Shoes", "Ankle boots"], title="Akron")
    assert verdict is not None
    assert (verdict.category, verdict.type) == ("shoes", "boots")


def test_a_crumb_of_two_categories_says_nothing() -> None:
    assert categorize_words(breadcrumb=["Shoes & Belts"]) is None
    same = categorize_words(breadcrumb=["Skirts & Shorts"])
    assert same is not None
    assert same.category == "lower_body"


def test_a_google_product_type_is_a_path() -> None:
    verdict = categorize_words(type_name="Apparel & Accessories > Clothing > Dresses")
    assert verdict is not None
    assert verdict.type == "dress"


def test_general_words_give_way_to_clear_ones() -> None:
    verdict = categorize_words(breadcrumb=["Women", "Accessories"], title="Gift card")
    assert verdict is not None
    assert verdict.category == "none"
    general = categorize_words(breadcrumb=["Women", "Accessories"], title="Milkshake")
    assert general is not None
    assert (general.category, general.type) == ("accessory", "accessory")


def test_a_contradiction_lowers_the_confidence() -> None:
    agreed = categorize_words(breadcrumb=["Shoes"], title="Leather boots")
    contradicted = categorize_words(breadcrumb=["Shoes"], title="Leather belt")
    assert agreed is not None
    assert contradicted is not None
    assert contradicted.category == "shoes"
    assert contradicted.confidence < agreed.confidence


def test_the_address_speaks_last() -> None:
    url = "https://shop.example/gb/t/air-force-1-07-lv8-shoes-E5NnNyBr/IO2077-030"
    verdict = categorize_words(title="Air Force 1 '07 LV8", url=url)
    assert verdict is not None
    assert (verdict.category, verdict.source) == ("shoes", "url")
    titled = categorize_words(title="Dress", url=url)
    assert titled is not None
    assert (titled.category, titled.confidence) == ("dress", 0.85)


def test_gender_tells_italian_suits_from_dresses() -> None:
    his, hers = categorize_words(title="Abito blu", gender="uomo"), categorize_words(title="Abito blu", gender="donna")
    assert his is not None
    assert hers is not None
    assert (his.type, hers.type) == ("suit", "dress")


def test_a_skirt_for_men_is_doubted() -> None:
    his, hers = categorize_words(title="Skirt", gender="men"), categorize_words(title="Skirt", gender="women")
    assert his is not None
    assert hers is not None
    assert his.confidence < hers.confidence


def test_coats_are_worn_over_other_things() -> None:
    outer = {title: categorize_words(title=title) for title in ("Parka", "Blazer", "Denim jacket", "Cardigan", "Shirt")}
    assert [verdict and verdict.garment_type for verdict in outer.values()] == ["outer"] * 3 + ["upper"] * 2


def test_a_megabyte_of_title_is_read_no_further_than_a_title() -> None:
    assert categorize_words(title="x " * 500_000 + "dress") is None


@pytest.mark.parametrize(
    ("type_", "identifier"),
    [("t_shirt", "t_shirts"), ("coat", "jackets"), ("boots", "shoes"), ("watch", "jewelry"), ("scarf", None)],
)
def test_platform_categories(type_: str, identifier: str | None) -> None:
    assert platform_category(type_) == identifier


def test_every_platform_category_of_the_contract_can_be_reached() -> None:
    wanted = "t_shirts shirts sweaters jackets dresses pants jeans shorts skirts leggings shoes bags hats jewelry belts"
    assert {platform_category(type_) for type_ in WEARABLE} - {None} == set(wanted.split())


def test_wardrobe_sections() -> None:
    categories = ("upper_body", "dress", "lower_body", "shoes", "accessory", "none")
    sections = ["upper_body", "upper_body", "lower_body", "accessoires", "accessoires", None]
    assert [wardrobe_section(category) for category in categories] == sections


def test_no_word_of_the_list_is_empty_or_of_an_unknown_kind() -> None:
    words = lexicon().phrases
    assert all(tokens and all(tokens) for tokens in words)
    types = {word.type for word in words.values()} - {NEUTRAL}
    assert set(WEARABLE) <= types
    assert {kind_of(type_).category for type_ in types} == {
        "upper_body", "dress", "lower_body", "shoes", "accessory", "none"
    }  # fmt: skip


def test_accents_case_and_odd_letters_are_folded() -> None:
    assert tokens_of("STØVLER Gürtel łaska İPEK men's d'été") == (
        "stovler",
        "gurtel",
        "laska",
        "ipek",
        "men",
        "d",
        "ete",
    )


SILENT_TITLES = ("Men's Dasher NZ", "Nike Air Force 1 '07 LV8", "OFLEKI")


@pytest.mark.skipif(not TRUTH.exists(), reason="the stored pages lie outside the project")
def test_titles_of_stored_pages() -> None:
    pages = [page for page in json.loads(TRUTH.read_text(encoding="utf-8")).values() if page["title"]]
    found = {page["title"]: categorize_words(title=page["title"]) for page in pages}
    wrong = [page["title"] for page in pages if (v := found[page["title"]]) and v.category != page["category_hint"]]
    assert wrong == []
    assert {title for title, verdict in found.items() if verdict is None} <= set(SILENT_TITLES)
