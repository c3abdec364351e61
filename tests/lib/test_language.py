"""Language and direction of a text whose feed does not say."""

import pytest

from bloghub.lib.language import detect_language, direction, primary_subtag

SAMPLES = {
    "en": "The team has been working on the new release and we are happy to say that it will be out next week.",
    "fi": "Tämä on uusi kirjoitus, jossa kerrotaan miten projekti eteni ja mitä siitä opittiin, kun kaikki oli ohi.",
    "sv": "Det här är en ny text som handlar om hur projektet gick och vad vi lärde oss av det när det var klart.",
    "de": "Das ist ein neuer Beitrag, in dem wir erzählen, wie das Projekt lief und was wir dabei gelernt haben.",
    "fr": "Ceci est un nouveau billet dans lequel nous racontons comment le projet a avancé et ce que nous en pensons.",
    "es": "Esta es una nueva entrada en la que contamos cómo fue el proyecto y lo que hemos aprendido con él.",
    "pt": "Este é um novo texto em que contamos como foi o projeto e o que nós aprendemos com ele até agora.",
    "it": "Questo è un nuovo articolo in cui raccontiamo come è andato il progetto e che cosa abbiamo imparato.",
    "nl": "Dit is een nieuw bericht waarin we vertellen hoe het project is gegaan en wat wij ervan hebben geleerd.",
    "da": "Det er et nyt indlæg om hvad vi har lavet, og hvordan det gik efter mødet. Jeg blev også meget glad af det.",
    "nb": "Det er et nytt innlegg om hva vi har gjort, og hvordan det gikk etter møtet. Jeg ble også veldig glad.",
    "pl": "To jest nowy wpis o tym, jak przebiegał projekt i czego się przy tym nauczyliśmy, bo nie było łatwo.",
    "cs": "To je nový příspěvek o tom, jak projekt probíhal a co jsme se při něm naučili, když už bylo hotovo.",
    "hu": "Ez egy új bejegyzés arról, hogy hogyan haladt a projekt, és mit tanultunk belőle, mert nem volt könnyű.",
    "tr": "Bu yeni yazı, projenin nasıl gittiği ve bundan ne öğrendiğimiz için bir özet, çok daha kolay olan da var.",
    "et": "See on uus postitus sellest, kuidas projekt läks ja mida me sellest õppisime, sest see ei olnud lihtne.",
    "ru": "Это новая запись о том, как шёл проект и чему мы научились, когда всё было готово.",
    "uk": "Це новий допис про те, як ішов проєкт і чого ми навчилися, коли все було готове її силами.",
    "ar": "هذه تدوينة جديدة عن كيفية سير المشروع وما تعلمناه منه في النهاية",
    "fa": "این یک نوشتهٔ تازه دربارهٔ پروژه است و چیزهایی که یاد گرفتیم",
    "he": "זו רשומה חדשה על איך התקדם הפרויקט ומה למדנו ממנו",
    "hi": "यह परियोजना के बारे में एक नया लेख है और हमने क्या सीखा",
    "zh": "这是一篇关于项目进展以及我们学到的东西的新文章",
    "ja": "これはプロジェクトの進み方と学んだことについての新しい記事です",
    "ko": "이것은 프로젝트가 어떻게 진행되었는지에 대한 새 글입니다",
    "el": "Αυτό είναι ένα νέο άρθρο για το πώς πήγε το έργο",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_a_text_is_recognised(language: str) -> None:
    assert detect_language(SAMPLES[language]) == language


@pytest.mark.parametrize("text", ["", "12345 67890", "x1 y2 z3 foo bar baz", "https://the.example/of/and/to/in/is"])
def test_what_is_no_text_has_no_language(text: str) -> None:
    assert detect_language(text) == ""


def test_english_words_in_a_russian_text_do_not_change_it() -> None:
    assert detect_language(SAMPLES["ru"] + " Docker and Kubernetes, the end.") == "ru"


@pytest.mark.parametrize(
    ("tag", "code"), [("fi-FI", "fi"), ("en_US", "en"), ("no", "nb"), ("", ""), ("x y", ""), ("und", "")]
)
def test_language_tags_are_reduced_to_their_first_part(tag: str, code: str) -> None:
    assert primary_subtag(tag) == code


def test_direction_follows_the_language() -> None:
    assert [direction(tag) for tag in ("ar", "he-IL", "ur", "fa", "fi", "")] == ["rtl"] * 4 + ["ltr"] * 2
