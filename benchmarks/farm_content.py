"""What the farm's synthetic blogs say: words, sentences, tags, people and the entries made of them.

Everything is a function of the seed, so two machines serve the same bytes. Knows nothing of feeds as documents
(``farm_feeds.py``) or of HTTP (``farm.py``).
"""

from __future__ import annotations

import bisect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate

EPOCH = 1_793_491_200.0  # 2026-11-01T00:00:00Z: "now" before the first tick
VOCABULARY = 400  # tags of the whole company, by a Zipf law
COMPANY = 2000  # people who write
SENTENCES = 4000  # a language; entries are mixed from them
DIRTY = (  # what a sanitiser must take out, with the share of entries that hold it
    (0.02, '<script>document.title="farm-was-here"</script>'),
    (0.02, '<p onclick="alert(1)" style="position:fixed">{sentence}</p><iframe src="{base}/blog/{blog}/"></iframe>'),
    (0.04, '<img src="{base}/img/{blog}/{number}.png?px" width="1" height="1">'),
)


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language to write in: small words, words of the trade, and syllables to make rare words from."""

    share: int  # of the blogs, in per cent
    small: str
    trade: str
    syllables: str
    space: str = " "
    length: tuple[int, int] = (6, 20)  # words a sentence


TONGUES = {
    "en": Tongue(
        60,
        "the a of to and we in it is that for with on this was our not by from at be or as an they have more all one"
        " when which who how after before about over under until again also only each every both",
        "turbine workshop release pipeline customer assembly harness sensor forecast inventory supplier roadmap"
        " review prototype gearbox coating schedule outage firmware torque audit tender canteen bicycle training"
        " archive search index cluster backup invoice welding robot survey handover shift warehouse calibration"
        " simulation drawing tolerance spindle conveyor dashboard incident latency query migration container",
        "mar tel ven dor ing ness ment able tion ra ki lo pre con tran sul fer gan tis ol bra wen cor dal mi su",
    ),
    "de": Tongue(
        16,
        "der die das und wir in zu mit auf ist nicht ein eine von für im dem den es auch an als wird bei nach aus"
        " sind noch wie oder aber vor über nur wenn schon dann",
        "Werkstatt Lieferung Kunde Prüfstand Getriebe Messung Schulung Umfrage Lager Rechnung Auftrag Schweißer"
        " Roboter Zeichnung Toleranz Förderband Störung Anlage Fertigung Rechenzentrum Sicherung Abfrage Kantine",
        "ung keit heit stell werk bau mess schalt kraft zeug form ab ein ver ent aus lager takt wert band rohr",
    ),
    "fr": Tongue(
        10,
        "le la les de des un une et nous dans pour sur avec est pas qui que plus par ce se au en ont mais ou sans"
        " entre après avant encore aussi",
        "atelier livraison client essai mesure formation enquête stock facture commande soudeur robot plan panne"
        " chaîne usine serveur requête cantine vélo moteur capteur révision qualité sauvegarde",
        "tion ment age eur ance ité con pré dé mon tra ver lo pi ran gue del mor san ter cou li",
    ),
    "es": Tongue(
        5,
        "el la los las de un una y en para con por que no es se su al lo más como pero sin entre sobre desde hasta"
        " también cada donde",
        "taller entrega cliente prueba medida curso encuesta almacén factura pedido robot plano avería línea fábrica"
        " servidor consulta comedor motor sensor revisión calidad turno copia",
        "ción miento dad dor aje con pre des tra mon per lo vi ran gue del mor san ter ca li",
    ),
    "ru": Tongue(
        5,
        "и в на не что мы с это как по но они для из за от до при или если уже ещё только когда все так",
        "цех поставка клиент испытание замер обучение опрос склад счёт заказ сварщик робот чертёж авария линия завод"
        " сервер запрос столовая двигатель датчик проверка качество смена",
        "ни ров ство тель ость ка пре раз под за мер тор лен гор дел ход вод стро ми ва",
    ),
    "ja": Tongue(
        4,
        "の を に は が で と も から まで について として",
        "工場 部品 溶接 検査 納品 顧客 会議 研修 在庫 請求 図面 公差 故障 設備 配線 試作 監視 改善 計画 報告"
        " 記録 停電 復旧 サーバー データ",
        "作業 確認 結果 手順 資料 共有 参加 募集 案内 今回の 新しい 大切な 先週の",
        space="",
        length=(8, 20),
    ),
}
GIVEN = (
    "Aino Bram Chiara Daoud Emi Farid Gudrun Hiro Ilse Jun Kofi Lotte Mateo Nadja Oskar Pia Quinn Rasmus Saoirse"
    " Timo Ulla Viktor Wanda Xenia Yara Zoran Anil Beatriz Cosmo Dilara"
)
FAMILY = (
    "Aalto Berg Castro Dietz Engel Ferrari Gupta Hansen Ivanova Jensen Kim Larsen Mäkinen Nowak Ortega Petrenko"
    " Quist Romero Saito Torres Urbano Virtanen Weiss Yilmaz Zhang Abebe Bakker Conti Duarte Egger"
)
DEPARTMENTS = ("Engine Lab", "Assembly", "Research", "Sales", "People", "Finance", "Logistics", "IT")


def number_of(*key: object) -> int:
    """A large number that depends on the key alone, the same on every machine."""
    return int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "big")


def spread_over(share: float, *key: object) -> bool:
    """Whether this key is among ``share`` (0 … 1) of all keys of its kind; the same keys every time."""
    return share > 0 and number_of(*key) % 1_000_003 < share * 1_000_003


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a blog; ``number`` counts from 1, the oldest. Times are seconds since 1970."""

    blog: int
    number: int
    language: str
    title: str
    url: str
    guid: str
    author: str
    tags: tuple[str, ...]
    published: float
    updated: float
    html: str
    summary: str


class Pen:
    """Writes the HTML of one entry, block by block, with the randomness of that entry alone."""

    def __init__(self, rng: random.Random, pool: Sequence[str], base: str, blog: int, number: int) -> None:
        self.rng, self.pool, self.base, self.blog, self.number = rng, pool, base, blog, number
        blocks: tuple[tuple[int, Callable[[], str]], ...] = (
            (500, self.paragraph),
            (140, self.linked),
            (100, self.listing),
            (80, self.section),
            (70, self.figure),
            (50, self.code),
            (30, self.quotation),
            (30, self.table),
        )
        self._blocks = [block for _weight, block in blocks]
        self._weights = list(accumulate(weight for weight, _block in blocks))

    def article(self, length: int) -> list[str]:
        """Blocks of HTML, ``length`` characters or a little more, that open with a word no other entry has."""
        parts = [f"<p>{self.say(2, 4)} <em>{token(self.blog, self.number)}</em></p>"]
        size = len(parts[0])
        while size < length:
            roll = self.rng.random() * self._weights[-1]
            parts.append(self._blocks[bisect.bisect(self._weights, roll)]())
            size += len(parts[-1])
        return parts

    def say(self, least: int, most: int | None = None) -> str:
        return " ".join(self.rng.choices(self.pool, k=self.rng.randint(least, most or least)))

    def paragraph(self) -> str:
        return f"<p>{self.say(2, 5)}</p>"

    def linked(self) -> str:
        earlier = max(1, self.number - self.rng.randint(1, 9))
        address = f"{self.base}/blog/{self.blog}/{earlier}"
        return (
            f'<p>{self.say(1)} <a href="{address}">{self.say(1)[:40]}</a> {self.say(2)}'
            f" <strong>{self.say(1)[:30]}</strong></p>"
        )

    def listing(self) -> str:
        tag = self.rng.choice(("ul", "ul", "ol"))
        return f"<{tag}>{''.join(f'<li>{self.say(1)}</li>' for _ in range(self.rng.randint(3, 6)))}</{tag}>"

    def section(self) -> str:
        return f"<h2>{self.say(1)[:60]}</h2><p>{self.say(2)}</p>"

    def figure(self) -> str:
        relative = self.rng.random() < 0.3  # some addresses must be made absolute
        source = f"{'' if relative else self.base}/img/{self.blog}/{self.number}.png"
        return (
            f'<figure><img src="{source}" alt="{self.say(1)[:40]}" width="640" height="360">'
            f"<figcaption>{self.say(1)}</figcaption></figure>"
        )

    def code(self) -> str:
        value = self.rng.randint(1, 9999)
        return (
            f"<pre><code>def retry_{value}(jobs, limit={value}):\n    for job in jobs[:limit]:\n"
            f"        if job.tries &lt; {value} &amp;&amp; job.ready:\n            yield job.name, job.tries + 1\n"
            "    return None\n</code></pre>"
        )

    def quotation(self) -> str:
        return f"<blockquote><p>{self.say(2)}</p></blockquote>"

    def table(self) -> str:
        cells = "".join(f"<tr><td>{row}</td><td>{self.rng.randint(1, 99999)}</td></tr>" for row in range(4))
        return f"<table><thead><tr><th>run</th><th>value</th></tr></thead><tbody>{cells}</tbody></table>"

    def dirt(self) -> list[str]:
        roll = self.rng.random()
        for share, markup in DIRTY:
            if roll < share:
                return [markup.format(sentence=self.say(1), base=self.base, blog=self.blog, number=self.number)]
            roll -= share
        return []


def token(blog: int, number: int) -> str:
    """The one word that only this entry holds."""
    return f"zq{blog}x{number}"


class World:
    """All that follows from the seed. ``base`` gives the address of a blog's host, without a slash at its end."""

    def __init__(self, seed: int, blogs: int, base: Callable[[int], str], json_every: int = 0) -> None:
        self.seed, self.blogs, self.base, self.json_every = seed, blogs, base, json_every

    @cached_property
    def sentences(self) -> dict[str, list[str]]:
        return {name: _sentences(tongue, f"{self.seed}:{name}") for name, tongue in TONGUES.items()}

    @cached_property
    def tags(self) -> list[str]:
        words = [word.lower() for name in ("en", "de", "fr", "es", "ru") for word in TONGUES[name].trade.split()]
        single = list(dict.fromkeys(words))
        pairs = (f"{one}-{other}" for one in single for other in single if one != other)
        chosen = (single + [next(pairs) for _ in range(VOCABULARY)])[:VOCABULARY]
        random.Random(f"{self.seed}:tags").shuffle(chosen)
        return chosen

    @cached_property
    def _tag_weights(self) -> list[float]:
        return list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))

    @cached_property
    def people(self) -> list[str]:
        rng = random.Random(f"{self.seed}:people")
        given, family = GIVEN.split(), FAMILY.split()
        return [f"{rng.choice(given)} {rng.choice(family)}" for _ in range(COMPANY)]

    def language(self, blog: int) -> str:
        ends = list(accumulate(tongue.share for tongue in TONGUES.values()))
        return list(TONGUES)[bisect.bisect(ends, number_of(self.seed, "language", blog) % ends[-1])]

    def kind(self, blog: int) -> str:
        """``rss``, ``atom`` or ``json``: half and half, with JSON Feed every ``json_every`` blogs."""
        if self.json_every and blog % self.json_every == self.json_every - 1:
            return "json"
        return "atom" if blog % 2 else "rss"

    def title(self, blog: int) -> str:
        word = self.tags[number_of(self.seed, "title", blog) % VOCABULARY].title()
        return f"{word} {DEPARTMENTS[blog % len(DEPARTMENTS)]} {blog}"

    def published(self, blog: int, number: int, live: int) -> float:
        """When entry ``number`` of a blog with ``live`` entries came out: up to a few days apart, the newest last."""
        gap = 20_000 + number_of(self.seed, "gap", blog) % 500_000
        return EPOCH - (live - number) * gap - number_of(self.seed, "second", blog, number) % 9000 - 60

    def entry(self, blog: int, number: int, published: float, edits: int = 0) -> Entry:
        """The entry as it stands after so many edits (each adds a paragraph and half an hour)."""
        rng = random.Random(f"{self.seed}:{blog}:{number}")
        language, base = self.language(blog), self.base(blog)
        pen = Pen(rng, self.sentences[language], base, blog, number)
        parts = pen.article(rng.randint(1900, 5200))
        if rng.random() < 0.17:
            parts.append(self._link_to_another(pen))
        parts += pen.dirt()
        if edits:
            parts.append(f"<p>Edit {edits}: {pen.say(1)}</p>")
        return Entry(
            blog=blog,
            number=number,
            language=language,
            title=pen.say(1)[:90].rstrip(".?!,。 "),
            url=f"{base}/blog/{blog}/{number}",
            guid=f"urn:farm:{self.seed}:{blog}:{number}",
            author=self.people[(number_of(self.seed, "author", blog) + rng.randrange(3)) % COMPANY],
            tags=self._tags(rng),
            published=published,
            updated=published + 1800 * edits,
            html="\n".join(parts),
            summary=pen.say(2),
        )

    def _link_to_another(self, pen: Pen) -> str:
        other = pen.rng.randrange(self.blogs)
        address = f"{self.base(other)}/blog/{other}/{pen.rng.randint(1, 20)}"
        return f'<p>{pen.say(1)} <a href="{address}">{pen.say(1)[:50]}</a></p>'

    def _tags(self, rng: random.Random) -> tuple[str, ...]:
        chosen: dict[str, None] = {}
        while len(chosen) < 3:
            rank = bisect.bisect(self._tag_weights, rng.random() * self._tag_weights[-1])
            chosen[self.tags[rank]] = None
        return tuple(chosen)


def _sentences(tongue: Tongue, seed: str) -> list[str]:
    """Sentences whose words follow a Zipf law: small words often, made-up rare ones in a long tail."""
    rng = random.Random(seed)
    syllables = tongue.syllables.split()
    made = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(6000 if tongue.space else 0)]
    words = tongue.small.split() + tongue.trade.split() + list(dict.fromkeys(made))
    if not tongue.space:
        words = tongue.trade.split() + syllables + tongue.small.split()
    weights = list(accumulate(1 / (rank + 8) for rank in range(len(words))))
    return [_sentence(rng, rng.choices(words, cum_weights=weights, k=rng.randint(*tongue.length)), tongue)
            for _ in range(SENTENCES)]  # fmt: skip


def _sentence(rng: random.Random, words: list[str], tongue: Tongue) -> str:
    if not tongue.space:
        return "".join(words) + "。"
    if len(words) > 9:
        words[len(words) // 2] += ","
    text = " ".join(words)
    return text[0].upper() + text[1:] + rng.choice("....?!")
