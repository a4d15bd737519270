# ruff: noqa: RUF001 - the letters of other scripts are what the cases are about
"""Texts that say nothing of their set are read in the one that their letters speak for."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.model import Record, Story
from pipeline.parse import parse_record
from pipeline.parse.text.decode import decode, known_encoding
from pipeline.source.archive.archive import open_archive

TEXTS = {
    "cs": (
        "Starosta města řekl, že přívoz potřebují všichni obyvatelé přístavu. Hlasování "
        "proběhlo v sobotu a účast byla vyšší než před čtyřmi lety. Občané si přejí, "
        "aby loď jezdila i v noci. Město zaplatí nové přístaviště ještě letos, dodal "
        "mluvčí úřadu.",
        ["cp1250", "iso8859-2"],
    ),
    "sk": (
        "Primátor mesta povedal, že kompu potrebujú všetci obyvatelia prístavu. "
        "Hlasovanie sa konalo v sobotu a účasť bola vyššia než pred štyrmi rokmi. "
        "Občania chcú, aby loď jazdila aj v noci. Mesto ešte tento rok zaplatí nové "
        "prístavisko, dodal hovorca úradu.",
        ["cp1250", "iso8859-2"],
    ),
    "hu": (
        "A polgármester szerint a kikötőváros lakóinak szükségük van a kompra. A "
        "szavazást szombaton tartották, és többen vettek részt rajta, mint négy évvel "
        "ezelőtt. Az őslakosok azt kérték, hogy a hajó éjjel is közlekedjen, mondta a "
        "szóvivő.",
        ["cp1250", "iso8859-2"],
    ),
    "pl": (
        "Mieszkańcy portowego miasta zagłosowali w sobotę za utrzymaniem promu. "
        "Burmistrz powiedział, że prom jest potrzebny wszystkim. Frekwencja była wyższa "
        "niż cztery lata temu. Miasto zapłaci za nową przystań jeszcze w tym roku, "
        "dodał rzecznik.",
        ["cp1250", "iso8859-2"],
    ),
    "hr": (
        "Gradonačelnik je rekao da trajekt trebaju svi stanovnici lučkog grada. "
        "Glasovanje je održano u subotu, a odaziv je bio veći nego prije četiri godine. "
        "Građani žele da brod vozi i noću. Grad će još ove godine platiti novo "
        "pristanište.",
        ["cp1250", "iso8859-2"],
    ),
    "sl": (
        "Župan je povedal, da trajekt potrebujejo vsi prebivalci pristaniškega mesta. "
        "Glasovanje je bilo v soboto, udeležba pa je bila višja kot pred štirimi leti. "
        "Občani želijo, da ladja vozi tudi ponoči. Mesto bo še letos plačalo novo "
        "pristanišče.",
        ["cp1250", "iso8859-2"],
    ),
    "ro": (
        "Primarul a declarat că toţi locuitorii oraşului au nevoie de feribot. Votul a "
        "avut loc sâmbătă, iar prezenţa a fost mai mare decât acum patru ani. Cetăţenii "
        "vor ca nava să circule şi noaptea, a adăugat purtătorul de cuvânt.",
        ["cp1250", "iso8859-2"],
    ),
    "tr": (
        "Belediye başkanı, feribotun liman kentindeki herkes için gerekli olduğunu "
        "söyledi. Oylama cumartesi günü yapıldı ve katılım dört yıl öncesine göre daha "
        "yüksekti. Vatandaşlar geminin gece de çalışmasını istiyor, dedi sözcü. Şehir "
        "yeni iskeleyi bu yıl yaptıracak.",
        ["cp1254", "iso8859-9"],
    ),
    "ru": (
        "Жители портового города проголосовали в субботу за сохранение парома. Мэр "
        "сказал, что паром нужен всем. Явка была выше, чем четыре года назад. Город ещё "
        "в этом году оплатит новую пристань, добавил представитель администрации.",
        ["cp1251", "koi8-r", "iso8859-5"],
    ),
    "uk": (
        "Мешканці портового міста проголосували в суботу за збереження порома. Мер "
        "сказав, що пором потрібен усім. Явка була вищою, ніж чотири роки тому. Місто "
        "ще цього року оплатить нову пристань, додав речник.",
        ["cp1251", "koi8-u"],
    ),
    "bg": (
        "Жителите на пристанищния град гласуваха в събота за запазването на ферибота. "
        "Кметът каза, че фериботът е нужен на всички. Избирателната активност беше по- "
        "висока от преди четири години.",
        ["cp1251"],
    ),
    "el": (
        "Οι κάτοικοι της πόλης ψήφισαν το Σάββατο υπέρ της διατήρησης του πορθμείου. Ο "
        "δήμαρχος είπε ότι το πορθμείο το χρειάζονται όλοι. Η συμμετοχή ήταν μεγαλύτερη "
        "από ό,τι πριν από τέσσερα χρόνια.",
        ["cp1253", "iso8859-7"],
    ),
    "he": (
        "תושבי עיר הנמל הצביעו ביום שבת בעד המשך המעבורת. ראש העיר אמר כי כולם זקוקים "
        "למעבורת. שיעור ההצבעה היה גבוה יותר מאשר לפני ארבע שנים.",
        ["cp1255", "iso8859-8"],
    ),
    "ar": (
        "صوت سكان المدينة الساحلية يوم السبت لصالح الإبقاء على العبارة. وقال رئيس "
        "البلدية إن الجميع بحاجة إلى العبارة. وكانت نسبة المشاركة أعلى مما كانت عليه "
        "قبل أربع سنوات.",
        ["cp1256", "iso8859-6"],
    ),
    "lt": (
        "Uosto miesto gyventojai šeštadienį balsavo už kelto išsaugojimą. Meras sakė, "
        "kad keltas reikalingas visiems. Rinkėjų aktyvumas buvo didesnis nei prieš "
        "ketverius metus. Miestas dar šiais metais pastatys naują prieplauką, pridūrė "
        "atstovė.",
        ["cp1257", "iso8859-13"],
    ),
    "lv": (
        "Ostas pilsētas iedzīvotāji sestdien nobalsoja par prāmja saglabāšanu. Mērs "
        "sacīja, ka prāmis ir vajadzīgs visiem. Vēlētāju aktivitāte bija augstāka nekā "
        "pirms četriem gadiem. Pilsēta vēl šogad uzcels jaunu piestātni.",
        ["cp1257", "iso8859-13"],
    ),
    "de": (
        "Die Bürger der Hafenstadt stimmten am Samstag für den Erhalt der Fähre. Der "
        "Bürgermeister sagte, alle bräuchten die Fähre. Die Beteiligung war höher als "
        "vor vier Jahren. „Das ist schön“, hieß es.",
        ["cp1252"],
    ),
    "fr": (
        "Les habitants de la ville portuaire ont voté samedi en faveur du maintien du "
        "ferry. Le maire a déclaré que tout le monde en avait besoin. La participation "
        "a été plus élevée qu’il y a quatre ans, a précisé un porte-parole.",
        ["cp1252"],
    ),
    "es": (
        "Los habitantes de la ciudad portuaria votaron el sábado a favor de mantener el "
        "transbordador. El alcalde dijo que todos lo necesitan. La participación fue "
        "más alta que hace cuatro años, añadió. ¿Qué más? España espera.",
        ["cp1252", "iso8859-1"],
    ),
    "pt": (
        "Os moradores da cidade portuária votaram no sábado a favor da manutenção da "
        "balsa. O prefeito disse que todos precisam dela. A participação foi maior do "
        "que há quatro anos, não há dúvida.",
        ["cp1252"],
    ),
    "sv": (
        "Invånarna i hamnstaden röstade på lördagen för att behålla färjan. "
        "Borgmästaren sade att alla behöver färjan. Valdeltagandet var högre än för "
        "fyra år sedan.",
        ["cp1252"],
    ),
    "en": (
        "The mayor’s office said the café would stay – “for good”. The naïve plan costs "
        "£300m, or €350m, over four years. Residents voted on Saturday.",
        ["cp1252"],
    ),
}
CASES = [(lang, name) for lang, (_, names) in TEXTS.items() for name in names]


@pytest.mark.parametrize(("lang", "name"), CASES)
@pytest.mark.parametrize("length", [1000, 160])
def test_a_text_is_read_in_its_own_set(lang: str, name: str, length: int) -> None:
    """By the letters alone, of whole paragraphs and of little more than a sentence."""
    data = TEXTS[lang][0][:length].encode(name)
    found = decode(data)
    assert found.text == data.decode(name)
    assert found.warnings[0].startswith("not utf-8: ")


NAMES = {
    "fr": "Le maire Lech Dąbrowski et la ville de Łódź ont été reçus. Les députés, dont "
    "Stanisław Żółkiewski, ont dit que le bac était utile pour le canton.",
    "de": "Die Bürger von Łódź stimmten für die Fähre, sagte Stanisław Dąbrowski. Auch der "
    "Bürgermeister war für sie.",
    "es": "El alcalde de Łódź, Lech Wałęsa, firmó el acuerdo con España.",
}


@pytest.mark.parametrize("language", sorted(NAMES))
@pytest.mark.parametrize("name", ["cp1250", "iso8859-2"])
@pytest.mark.parametrize("head", ["", "<doc><language>{}</language><p>"])
def test_polish_names_within_a_western_text(language: str, name: str, head: str) -> None:
    """Their letters are signs in cp1252, and no sign stands within a word."""
    text = head.format(language) + NAMES[language].replace("ñ", "n")
    assert decode(text.encode(name)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Le m³ d'eau coûte 3 ± 1 euros à l'hôtel; le père et la mère ont gagné 5¾ points.",
        "Pèire ha fatto più di così: 1½h, 2¼h, per il caffè e la città, perché è là.",
        "It costs £5m or ¥3bn; ©AFP and the ®mark stand in the naïve café’s §3 menu.",
    ],
)
def test_signs_of_a_western_text_stay_signs(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    "text",
    [
        "Cetățenii au cerut: „Nava să circule și noaptea”, a spus purtătorul de cuvânt.",
        "Primarul a spus că feribotul costă 3 milioane € și că toți locuitorii îl plătesc.",
        "«Feribotul rămâne în oraș», a anunțat ministrul, și toți locuitorii sunt mulțumiți.",
    ],
)
def test_romanian_with_the_signs_of_its_own_set(text: str) -> None:
    """ISO 8859-16 has quotes and the euro where ISO 8859-2 has letters."""
    assert decode(text.encode("iso8859-16")).text == text


@pytest.mark.parametrize("text", ["Größe", "Mr Özdemir won", "São Paulo wins", "It costs £300"])
def test_few_letters_are_western(text: str) -> None:
    """A name or a sign does not make a text Cyrillic."""
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    "label", ["cp-1251", "win-1251", "windows1251", "x-cp1251", "CP1251", "windows-1251"]
)
def test_a_declared_label_is_heeded_however_it_is_spelt(label: str) -> None:
    data = "Паром нужен".encode("cp1251")
    found = decode(data, label)
    assert (found.text, found.encoding, found.warnings) == ("Паром нужен", "cp1251", ())


def test_the_label_of_an_iso_set_is_heeded() -> None:
    for label in ("ISO 8859-2", "iso8859_2", "ISO-8859-2:1987"):
        assert decode("Ceny rosną".encode("iso8859-2"), label).text == "Ceny rosną"


@pytest.mark.parametrize(("lang", "name"), [("ru", "koi8-r"), ("pl", "cp1250"), ("tr", "cp1254")])
def test_the_language_of_a_feed_decides(lang: str, name: str) -> None:
    """Where the prolog names no set, and the letters are too few to tell."""
    text = {"ru": "Паром нужен", "pl": "Rosną ceny", "tr": "Başkan: gişe açık"}[lang]
    feed = (
        f"<rss version='2.0'><channel><title>x</title><language>{lang}</language><item>"
        f"<title>{text}</title><guid>1</guid></item></channel></rss>"
    )
    (story,) = parse_record(Record("a", 0, feed.encode(name)))
    assert isinstance(story, Story)
    assert story.headline == text


def test_an_archive_that_says_nothing_is_read_as_it_is_told(tmp_path: Path) -> None:
    """The encoding goes along with each record, and makes another source of the archive."""
    (tmp_path / "a.txt").write_bytes("Ceny rosną\n\nWARSZAWA (PAP) - Ceny.".encode("iso8859-2"))
    plain = open_archive(tmp_path)
    told = open_archive(tmp_path, encoding=known_encoding("latin-2"))
    assert plain.source != told.source
    (record,) = told.records()
    (story,) = parse_record(record)
    assert isinstance(story, Story)
    assert (story.headline, story.warnings) == ("Ceny rosną", ())
    with pytest.raises(UsageError):
        known_encoding("cp-none")


EASTERN = {
    "ja": "【ノルビー共同】港町の住民は5日、投票で灯台の存続を決めた。投票は接戦だった。",
    "zh-cn": "新华社诺比10月5日电 居民投票决定保留灯塔，市政府星期一宣布。市长说这是美好的一天。",
    "zh-tw": "（中央社諾比5日電）居民投票決定保留燈塔，市政府星期一宣布。市長說這是美好的一天。",
    "ko": "(노르비=연합뉴스) 주민들이 투표를 통해 등대를 유지하기로 결정했다고 시청이 5일 밝혔다.",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("ja", "shift_jis"), ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("zh-cn", "gb18030"),
        ("zh-cn", "gb2312"), ("zh-tw", "big5"), ("ko", "euc_kr"), ("ko", "iso2022_kr"),
    ],
)  # fmt: skip
def test_eastern_sets_are_told_by_their_letters(language: str, encoding: str) -> None:
    """Nobody declares them in an archive; the guess stands in the warnings."""
    text = EASTERN[language]
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.warnings


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp437", "Die Fähre bleibt über Jahre schön groß, sagte Müller. Häfen mögen Schiffe."),
        ("cp850", "La mairie a décidé de garder le bac après la réunion à l'hôtel de ville."),
        ("cp850", "Færgen bliver åben for alle, sagde borgmesteren. Skibene så det på øen."),
        ("cp437", "El alcalde señaló que el ferry seguirá abierto según la decisión, informó."),
        ("cp852", "A kompot mindenki használhatja, mondta hétfőn a polgármester, őslakosok."),
        ("cp866", "Паром останется открытым для всех, сообщил в понедельник мэр. Корабли видят."),
    ],
)
def test_sets_of_dos(charset: str, text: str) -> None:
    """Old desks' machines wrote them; the letters stand where others have signs or nothing."""
    found = decode(text.encode(charset))
    assert found.text == text
    assert found.warnings[0].startswith("not utf-8: guessed cp")


@pytest.mark.parametrize(
    ("language", "charset"),
    [
        *((language, "cp852") for language in ("cs", "sk", "pl", "hu", "hr", "sl", "ro")),
        ("tr", "cp857"),
    ],
)
@pytest.mark.parametrize("head", ["", "(AP) - ", "Praha 5.10. - "])
def test_central_europe_and_turkey_on_dos(language: str, charset: str, head: str) -> None:
    """What is full of signs between letters in every other set is of an old machine's."""
    text = head + TEXTS[language][0]
    found = decode(text.encode(charset))
    assert (found.text, found.encoding) == (text, charset)
    assert found.warnings == (f"not utf-8: guessed {charset}",)


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("cp1252", "L’hôtel “Œuvre” – dit-il – coûte 5€…dit “Š” l’été; don’t, won’t, o’clock"),
        ("cp1251", "Паром останется открытым «для всех» — сообщил в понедельник мэр…"),
        ("koi8-r", "Паром останется открытым для всех, сообщил в понедельник мэр."),
        ("shift_jis", "港の管理者は月曜日、桟橋は開いたままだと述べた。船はすぐにそれを見た。"),
    ],
)
def test_others_are_not_taken_for_sets_of_dos(charset: str, text: str) -> None:
    assert decode(text.encode(charset)).text == text


def test_letters_of_none_of_a_languages_sets_are_read_without_a_warning_of_pythons() -> None:
    """What chardet warns of would stand in the log of whoever reads the archive."""
    data = b'<a xml:lang="he">' + "Ελλάδα και Κύπρος ".encode("cp1253") * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(data).encoding == "cp1252"
