# ruff: noqa: RUF001 - the typographic dashes and other scripts are what the cases are about
"""Datelines in the agencies' own forms are read whole, and take nothing of the text with them."""

from __future__ import annotations

import time

import pytest

from pipeline.parse.conventions.dateline import find_dateline

TEXT = "The harbour master said on Monday that the pier would stay open."
DAY = (10, 5)

STYLES = [
    ("AAP", "CANBERRA, Oct 5 AAP - ", "CANBERRA", DAY),
    ("ABI", "La Paz, 5 oct (ABI).- ", "La Paz", DAY),
    ("ACCESSWIRE", "LONDON, UK / ACCESSWIRE / October 5, 2026 / ", "LONDON, UK", DAY),
    ("AFP", "Paris, 5 oct 2026 (AFP) - ", "Paris", DAY),
    ("ANI", "New Delhi [India], October 5 (ANI): ", "New Delhi", DAY),
    ("ANP", "DEN HAAG (ANP) - ", "DEN HAAG", None),
    ("ANSA", "(ANSA) - ROMA, 05 OTT - ", "ROMA", DAY),
    ("AP", "ATLANTA (AP) — ", "ATLANTA", None),
    ("APA", "Wien (APA) - ", "Wien", None),
    ("APP", "ISLAMABAD, Oct 5 (APP): ", "ISLAMABAD", DAY),
    ("APS", "ALGER, 05 oct 2026 (APS) - ", "ALGER", DAY),
    (
        "AFP",
        "SANTA CRUZ DE LA SIERRA, Bolivia, Oct 5 (AFP) - ",
        "SANTA CRUZ DE LA SIERRA, Bolivia",
        DAY,
    ),
    ("Adnkronos", "Roma, 5 ott. (Adnkronos) - ", "Roma", DAY),
    ("Adnkronos", "Roma, 5 ott. - (Adnkronos) - ", "Roma", DAY),
    ("Agerpres", "BUCUREȘTI, 5 oct (AGERPRES) - ", "BUCUREȘTI", DAY),
    ("Anadolu", "ANKARA (AA) - ", "ANKARA", None),
    ("Andina", "Lima, oct. 5 (Andina). ", "Lima", DAY),
    ("Antara", "Jakarta (ANTARA) - ", "Jakarta", None),
    ("Armenpress", "YEREVAN, OCTOBER 5, ARMENPRESS. ", "YEREVAN", DAY),
    ("Azertac", "Baku, October 5, AZERTAC ", "Baku", DAY),
    ("BNS", "VILNIUS, Oct 05, BNS - ", "VILNIUS", DAY),
    ("BSS", "DHAKA, Oct 5, 2026 (BSS) - ", "DHAKA", DAY),
    ("BTA", "София, 5 октомври (БТА) ", "София", DAY),
    ("BelTA", "5 October, Minsk /Corr. BELTA/. ", "Minsk", DAY),
    ("BelTA", "МІНСК, 5 кастрычніка /Кар. БЕЛТА/. ", "МІНСК", DAY),
    ("Belga", "BRUSSEL 05/10 (BELGA) = ", "BRUSSEL", DAY),
    ("Belga", "ANTWERPEN (BELGA) = ", "ANTWERPEN", None),
    ("Bernama", "KUALA LUMPUR, Oct 5 (Bernama) -- ", "KUALA LUMPUR", DAY),
    ("Business Wire", "LONDON--(BUSINESS WIRE)--", "LONDON", None),
    ("Business Wire", "PARIS--(BUSINESS WIRE)--Oct. 5, 2026--", "PARIS", DAY),
    ("Business Wire", "PARIS--(BUSINESS WIRE)--Regulatory News: ", "PARIS", None),
    ("CNA", "Taipei, Oct. 5 (CNA) ", "Taipei", DAY),
    ("CNA", "（中央社記者王小明台北5日電）", "台北", None),
    ("CNS", "中新社上海10月5日电 (记者 李四)", "上海", DAY),
    ("CNW", "TORONTO, Oct. 5, 2026 /CNW/ - ", "TORONTO", DAY),
    ("CTK", "Praha 5. října (ČTK) - ", "Praha", DAY),
    ("Dow Jones", "LONDON--(Dow Jones)-- ", "LONDON", None),
    ("EFE", "Madrid, 5 oct (EFE).- ", "Madrid", DAY),
    ("Europa Press", "MADRID, 5 Oct. (EUROPA PRESS) - ", "MADRID", DAY),
    ("FENA", "SARAJEVO, 5. oktobra (FENA) - ", "SARAJEVO", DAY),
    ("GNA", "Accra, Oct 5, GNA – ", "Accra", DAY),
    ("GlobeNewswire", "LONDON, Oct. 05, 2026 (GLOBE NEWSWIRE) -- ", "LONDON", DAY),
    ("ENA", "ADDIS ABABA, October 5/2026 (ENA) – ", "ADDIS ABABA", DAY),
    ("Hina", "ZAGREB, 5. listopada (Hina) - ", "ZAGREB", DAY),
    ("IANS", "New Delhi, Oct 5 (IANS) ", "New Delhi", DAY),
    ("IRNA", "Tehran, Oct 5, IRNA - ", "Tehran", DAY),
    ("Interfax", "MOSCOW. Oct 5 (Interfax) - ", "MOSCOW", DAY),
    ("Interfax", "Москва. 5 октября. INTERFAX.RU - ", "Москва", DAY),
    ("Interfax-Ukraine", "KYIV. Oct 5 (Interfax-Ukraine) – ", "KYIV", DAY),
    ("Jiji Press", "Tokyo, Oct. 5 (Jiji Press)--", "Tokyo", DAY),
    ("KCNA", "Pyongyang, October 5 (KCNA) -- ", "Pyongyang", DAY),
    ("KUNA", "KUWAIT, Oct 5 (KUNA) -- ", "KUWAIT", DAY),
    ("Kazinform", "ASTANA. KAZINFORM - ", "ASTANA", None),
    ("Keystone-SDA", "Bern (sda) ", "Bern", None),
    ("Keystone-SDA", "Berne (ats) ", "Berne", None),
    ("JCN Newswire", "TOKYO, Oct 5, 2026 - (JCN Newswire) - ", "TOKYO", DAY),
    ("Kyodo", "東京（共同）", "東京", None),
    ("Kyodo", "SAITAMA, Japan, Oct. 5 Kyodo - ", "SAITAMA, Japan", DAY),
    ("Kyodo", "【ワシントン共同】", "ワシントン", None),
    ("LETA", "RIGA, Oct 5, LETA - ", "RIGA", DAY),
    ("Lusa", "Lisboa, 05 out 2026 (Lusa) – ", "Lisboa", DAY),
    ("MAP", "Rabat, 05/10/2026 (MAP)- ", "Rabat", DAY),
    ("MENA", "Cairo, Oct. 5 (MENA) - ", "Cairo", DAY),
    ("MTI", "Budapest, 2026. október 5., hétfő (MTI) - ", "Budapest", DAY),
    ("Montsame", "Ulaanbaatar, October 5 /MONTSAME/. ", "Ulaanbaatar", DAY),
    ("NAN", "Lagos, Oct. 5, 2026 (NAN) ", "Lagos", DAY),
    ("NTB", "Oslo (NTB-AFP): ", "Oslo", None),
    ("NAMPA", "WINDHOEK, 05 OCT (NAMPA) – ", "WINDHOEK", DAY),
    ("NTB", "Oslo (NTB): ", "Oslo", None),
    (
        "Newsfile",
        "Toronto, Ontario--(Newsfile Corp. - October 5, 2026) - ",
        "Toronto, Ontario",
        DAY,
    ),
    ("PAP", "Warszawa, 05.10.2026 (PAP) - ", "Warszawa", DAY),
    ("PR Newswire", "LONDON, Oct. 5, 2026 /PRNewswire/ -- ", "LONDON", DAY),
    ("PTI", "New Delhi, Oct 5 (PTI) ", "New Delhi", DAY),
    ("Petra", "Amman, Oct. 5 (Petra) -- ", "Amman", DAY),
    ("Prensa Latina", "La Habana, 5 oct (Prensa Latina) ", "La Habana", DAY),
    ("QNA", "Doha, October 05 (QNA) - ", "Doha", DAY),
    ("RIA Novosti", "МОСКВА, 5 окт - РИА Новости. ", "МОСКВА", DAY),
    ("Reuters", "KYIV/WASHINGTON, Oct 5 (Reuters) - ", "KYIV", DAY),
    ("Ritzau", "København, d. 5. oktober (Ritzau) - ", "København", DAY),
    ("SANA", "Damascus, SANA- ", "Damascus", None),
    ("SPA", "Riyadh, October 5, 2026, SPA -- ", "Riyadh", DAY),
    ("STA", "Ljubljana, 5 October (STA) - ", "Ljubljana", DAY),
    ("STT", "Helsinki, 5.10. (STT) -- ", "Helsinki", DAY),
    ("TAP", "Tunis, Oct 5 (TAP) - ", "Tunis", DAY),
    ("TASR", "Bratislava 5. októbra (TASR) - ", "Bratislava", DAY),
    ("TASS", "MOSCOW, October 5. /TASS/. ", "MOSCOW", DAY),
    ("TASS", "МОСКВА, 5 октября. /ТАСС/. ", "МОСКВА", DAY),
    ("TT", "STOCKHOLM (TT) - ", "STOCKHOLM", None),
    ("Tanjug", "BEOGRAD, 5. oktobra (Tanjug) - ", "BEOGRAD", DAY),
    ("Tasnim", "TEHRAN (Tasnim) – ", "TEHRAN", None),
    ("UNI", "New Delhi, Oct 5 (UNI) ", "New Delhi", DAY),
    ("UPI", "WASHINGTON, Oct. 5 (UPI) -- ", "WASHINGTON", DAY),
    ("Ukrinform", "Київ. 5 жовтня. Укрінформ. ", "Київ", DAY),
    ("VNA", "Hanoi (VNA) – ", "Hanoi", None),
    ("WAFA", "RAMALLAH, Monday, October 5, 2026 (WAFA) – ", "RAMALLAH", DAY),
    ("WAM", "ABU DHABI, 5th October, 2026 (WAM) -- ", "ABU DHABI", DAY),
    ("Xinhua", "BEIJING, Oct. 5 (Xinhua) -- ", "BEIJING", DAY),
    ("Xinhua", "新华社北京10月5日电（记者张三）", "北京", DAY),
    ("Yonhap", "SEOUL, Oct. 5 (Yonhap) -- ", "SEOUL", DAY),
    ("Yonhap", "(서울=연합뉴스) 홍길동 기자 = ", "서울", None),
    ("dpa", "Berlin (dpa/lno) - ", "Berlin", None),
    ("epd", "Frankfurt am Main (epd). ", "Frankfurt am Main", None),
    ("epd", "Frankfurt a.M. (epd). ", "Frankfurt a.M.", None),
    ("ATA", "TIRANË, 5 Tetor /ATSH/ - ", "TIRANË", DAY),
    ("Azertac", "Bakı, 5 oktyabr, AZƏRTAC ", "Bakı", DAY),
    ("BNS", "VILNIUS, spalio 5 d. (BNS) – ", "VILNIUS", DAY),
    ("CNN", "NAIROBI, Kenya (CNN) -- ", "NAIROBI, Kenya", None),
    ("ELTA", "Vilnius, spalio 5 d. (ELTA). ", "Vilnius", DAY),
    ("LETA", "RĪGA, 5. oktobris (LETA) - ", "RĪGA", DAY),
    ("MarketWatch", "NEW YORK (MarketWatch) -- ", "NEW YORK", None),
    ("PAP", "Kraków, 5.10. (PAP) - ", "Kraków", DAY),
    ("PAP", "5.10.Kraków (PAP) - ", "Kraków", DAY),
    ("PAP", "Kraków (PAP), 5.10. - ", "Kraków", DAY),
    ("PAP", "Kraków, 5.10.2026 r. (PAP) - ", "Kraków", DAY),
    ("PAP", "Kraków, 5 października 2026 r. (PAP) - ", "Kraków", DAY),
    ("RIA Novosti", "СОЧИ, 5 окт - РИА Новости, Иван Петров. ", "СОЧИ", DAY),
    ("Tanjug", "BEOGRAD, 5. oktobar (Tanjug) - ", "BEOGRAD", DAY),
    ("NZN", "WELLINGTON, Oct 5 NZN - ", "WELLINGTON", DAY),
    ("MENA", "القاهرة في 5 أكتوبر (أ ش أ) - ", "القاهرة", DAY),
    ("dpa", "Frankfurt/Main (dpa) - ", "Frankfurt/Main", None),
    ("Anadolu", "ANKARA (AA) - AYŞE YILMAZ/ALİ KAYA - ", "ANKARA", None),
    ("CNA", "【台北中央社】", "台北", None),
    ("CNA", "【中央社記者王小明台北10月5日電】", "台北", DAY),
    ("CNA", "（中央社倫敦5日綜合外電報導）", "倫敦", None),
    ("Xinhua", "【新华社北京10月5日电】", "北京", DAY),
    ("Xinhua", "据新华社华盛顿10月5日电 ", "华盛顿", DAY),
    ("AFP", "法新社巴黎10月5日电 ", "巴黎", DAY),
    ("Reuters", "路透北京10月5日 - ", "北京", DAY),
    ("Reuters", "［東京　５日　ロイター］　－　", "東京", None),
    ("AFP", "【パリ10月5日AFP】", "パリ", DAY),
    ("Kyodo", "【北京10月5日共同】", "北京", DAY),
    ("Yonhap", "【ソウル聯合ニュース】", "ソウル", None),
    ("Yonhap", "【首尔韩联社】", "首尔", None),
    ("KCNA", "【平壌10月5日発朝鮮中央通信】", "平壌", DAY),
    ("Yonhap", "（서울＝연합뉴스）", "서울", None),
    ("Yonhap", "(서울·부산=연합뉴스) 홍길동 김철수 기자 = ", "서울", None),
    ("Yonhap", "(도쿄 교도=연합뉴스) ", "도쿄", None),
    ("Newsis", "【서울=뉴시스】홍길동 기자 = ", "서울", None),
    ("Kazinform", "ASTANA. KAZINFORM ", "ASTANA", None),
    ("Kazinform", "АСТАНА. КАЗИНФОРМ. ", "АСТАНА", None),
    ("Business Wire", "OSLO, Norway & BERGEN, Norway--(BUSINESS WIRE)--", "OSLO, Norway", None),
    ("PR Newswire", "NORRBY, Oct. 5 /PRNewswire=KYODO JBN-AsiaNet/ -- ", "NORRBY", DAY),
]

ARABIC = "أعلن رئيس الميناء يوم الاثنين أن الرصيف سيبقى مفتوحا."
RUSSIAN = "Порт останется открытым для всех судов, сообщил начальник порта."
HINDI = "बंदरगाह सभी के लिए खुला रहेगा, मंत्री ने सोमवार को कहा।"
OWN_TEXTS = [
    ("SPA", "الرياض 24 ربيع الآخر 1448 هـ الموافق 05 أكتوبر 2026 م واس ", ARABIC, "الرياض", DAY),
    ("SPA", "جدة 24 ربيع الآخر 1448هـ الموافق 5 أكتوبر 2026م واس ", ARABIC, "جدة", DAY),
    ("SPA", "الرياض / 24 ربيع الآخر 1448هـ / 5 أكتوبر 2026م / واس ", ARABIC, "الرياض", DAY),
    ("WAM", "أبوظبي في 5 أكتوبر / وام / ", ARABIC, "أبوظبي", DAY),
    ("QNA", "الدوحة في 05 أكتوبر /قنا/ ", ARABIC, "الدوحة", DAY),
    ("ONA", "مسقط في 5 أكتوبر /العُمانية/ ", ARABIC, "مسقط", DAY),
    ("MENA", "القاهرة - أ ش أ ", ARABIC, "القاهرة", None),
    ("KUNA", "الكويت - 5 - 10 (كونا) -- ", ARABIC, "الكويت", DAY),
    ("SANA", "دمشق-سانا ", ARABIC, "دمشق", None),
    ("INA", "بغداد – واع – ", ARABIC, "بغداد", None),
    ("NINA", "بغداد / نينا / ", ARABIC, "بغداد", None),
    ("WAFA", "رام الله 5-10-2026 وفا- ", ARABIC, "رام الله", DAY),
    ("Petra", "عمان 5 تشرين الأول (بترا) - محمد أحمد - ", ARABIC, "عمان", DAY),
    ("Reuters", "القاهرة 5 أكتوبر تشرين الأول (رويترز) - ", ARABIC, "القاهرة", DAY),
    ("AFP", "باريس (أ ف ب) - ", ARABIC, "باريس", None),
    ("NNA", "وطنية - بيروت - ", ARABIC, "بيروت", None),
    ("Anadolu", "أنقرة/ الأناضول ", ARABIC, "أنقرة", None),
    ("MAP", "الرباط 5 أكتوبر 2026 /ومع/ ", ARABIC, "الرباط", DAY),
    ("TAP", "تونس 5 أكتوبر 2026 (وات) - ", ARABIC, "تونس", DAY),
    ("Xinhua", "بكين 5 أكتوبر 2026 (شينخوا) ", ARABIC, "بكين", DAY),
    ("IRNA", "تهران - ایرنا - ", ARABIC, "تهران", None),
    ("IRNA", "طهران / 5 تشرين الاول / اكتوبر / ارنا - ", ARABIC, "طهران", DAY),
    ("PTI", "नयी दिल्ली, 5 अक्टूबर (भाषा) ", HINDI, "नयी दिल्ली", DAY),
    ("IANS", "नई दिल्ली, 5 अक्टूबर (आईएएनएस)। ", HINDI, "नई दिल्ली", DAY),
    ("TASS", "САНКТ-ПЕТЕРБУРГ, 5 октября. /Корр. ТАСС Иван Петров/. ", RUSSIAN,
     "САНКТ-ПЕТЕРБУРГ", DAY),
    ("TASS", "МОСКВА, 5 октября. /ТАСС - Иван Петров/. ", RUSSIAN, "МОСКВА", DAY),
    ("BTA", "София, 5 октомври /Иван Иванов, БТА/ ", RUSSIAN, "София", DAY),
    ("Interfax", "Москва. 5 октября. ИНТЕРФАКС-ПОВОЛЖЬЕ - ", RUSSIAN, "Москва", DAY),
    ("Interfax-Ukraine", "КИЇВ. 5 жовтня (Інтерфакс-Україна) - ", RUSSIAN, "КИЇВ", DAY),
    ("Reuters", "МОСКВА, 5 окт (Рейтер) - ", RUSSIAN, "МОСКВА", DAY),
    ("SRNA", "БАЊАЛУКА, 5. ОКТОБРА /СРНА/ - ", RUSSIAN, "БАЊАЛУКА", DAY),
    ("Xinhua", "Пекин, 5 октября /Синьхуа/ -- ", RUSSIAN, "Пекин", DAY),
    ("TT", "Göteborg/TT. ", TEXT, "Göteborg", None),
    ("SPA", "RIYADH -- (SPA) ", TEXT, "RIYADH", None),
    ("SPA", "Riyadh, Rabi'II 24, 1448, Oct 5, 2026, SPA -- ", TEXT, "Riyadh", DAY),
    ("ANSA", "(ANSA-AFP) - PARIGI, 05 OTT - ", TEXT, "PARIGI", DAY),
    ("ANSA", "(di Tilda Nord) (ANSA) - ROMA, 05 OTT - ", TEXT, "ROMA", DAY),
    ("Nova", "Roma, 05 ott 2026 10:12 - (Agenzia Nova) - ", TEXT, "Roma", DAY),
    ("NTB", "Washington (NTB-AP-Reuters): ", TEXT, "Washington", None),
    ("NTB", "Oslo (NTB-Tilda Nord): ", TEXT, "Oslo", None),
    ("Ritzau", "/ritzau/ ", TEXT, None, None),
    ("MTI", "Brüsszel, október 5., hétfő (MTI) - ", TEXT, "Brüsszel", DAY),
    ("CTK", "Londýn/Praha 5. října (ČTK) - ", TEXT, "Londýn", DAY),
    ("APA", "Linz, 5. 10. 2026 (APA) - ", TEXT, "Linz", DAY),
    ("dpa", "Halle (Saale) (dpa) - ", TEXT, "Halle (Saale)", None),
    ("epd", "Frankfurt a.M./Berlin (epd). ", TEXT, "Frankfurt a.M.", None),
    ("ANI", "Jammu (Jammu and Kashmir) [India], October 5 (ANI): ", TEXT, "Jammu", DAY),
    ("APP", "ISLAMABAD: Oct 5 (APP): ", TEXT, "ISLAMABAD", DAY),
    ("CNW", "MONTRÉAL, le 5 oct. 2026 /CNW Telbec/ - ", TEXT, "MONTRÉAL", DAY),
    ("Media OutReach", "HONG KONG SAR - Media OutReach Newswire - 5 October 2026 - ", TEXT,
     "HONG KONG SAR", DAY),
    ("Trend", "Baku, Azerbaijan, October 5 / Trend, Tilda Nord / ", TEXT, "Baku, Azerbaijan", DAY),
    ("Kabar", "Бишкек, 5.10.26 /Кабар/. ", RUSSIAN, "Бишкек", DAY),
    ("Europa Press", "MADRID, 5 (EUROPA PRESS) - ", TEXT, "MADRID", None),
    ("AKP", "AKP Phnom Penh, October 05, 2026 -- ", TEXT, "Phnom Penh", DAY),
    ("SAPA", "CAPE TOWN October 5 Sapa ", TEXT, "CAPE TOWN", DAY),
    ("Kyodo", "【パリ共同＝山田太郎】", TEXT, "パリ", None),
    ("PR Newswire", "北京2026年10月5日 /美通社/ -- ", TEXT, "北京", DAY),
    ("KCNA", "(평양 10월 5일발 조선중앙통신)", TEXT, "평양", DAY),
]  # fmt: skip


@pytest.mark.parametrize(("agency", "head", "text", "place", "day"), OWN_TEXTS, ids=str)
def test_the_dateline_of_an_agency_above_its_own_language(
    agency: str, head: str, text: str, place: str | None, day: tuple[int, int] | None
) -> None:
    """Scripts without capitals are told by the agency's sign; both calendars are read."""
    found = find_dateline(head + text)
    assert found is not None
    assert (found.provider, found.places[:1]) == (agency, (place,) if place else ())
    assert day is None or (found.month, found.day) == day
    assert (head + text)[found.end :] == text


@pytest.mark.parametrize(
    ("line", "agency", "place"),
    [
        ("GÖTEBORG/TT", "TT", "GÖTEBORG"),
        ("MALMÖ/TT/AFP", "TT", "MALMÖ"),
        ("TT-REUTERS", "TT", None),
        ("Helsinki 5.10. STT", "STT", "Helsinki"),
        ("STT, HELSINKI", "STT", "HELSINKI"),
        ("București, 5 oct - Agerpres", "Agerpres", "București"),
        ("Baghdad - INA", "INA", "Baghdad"),
        ("AA / Ankara / Tilda Nord", "Anadolu", "Ankara"),
    ],
)
def test_a_dateline_above_the_text(line: str, agency: str, place: str | None) -> None:
    """It is a paragraph of its own, and with a text behind it none of these."""
    found = find_dateline(line)
    assert found is not None
    assert (found.provider, found.places) == (agency, (place,) if place else ())


@pytest.mark.parametrize(
    ("house", "head", "place"),
    [
        ("Trend", "BAKU, Azerbaijan, October 5. ", "BAKU, Azerbaijan"),
        ("Andina", "Lima, oct. 5. ", "Lima"),
        ("RSS", "Kathmandu, Oct 5: ", "Kathmandu"),
        ("MAP", "Rabat – ", "Rabat"),
        ("CTK", "Praha - ", "Praha"),
    ],
)
def test_the_form_of_a_house_is_read_in_its_own_stories_alone(
    house: str, head: str, place: str
) -> None:
    """Such a beginning may be a list's or a sentence's in those of others."""
    found = find_dateline(head + TEXT, house)
    assert found is not None
    assert (found.places, (head + TEXT)[found.end :]) == ((place,), TEXT)
    assert find_dateline(head + TEXT) is None
    assert find_dateline("Monday, October 5. " + TEXT, house) is None
    assert find_dateline("The CDU – the party – " + TEXT, house) is None


def test_reporters_within_a_dateline_are_its_reporters() -> None:
    head = "МОСКВА, 5 октября. /Корр. ТАСС Иван Петров/. "
    found = find_dateline(head + RUSSIAN)
    assert found is not None
    assert found.reporters == ("Иван Петров",)


def test_a_dateline_of_an_agency_alone() -> None:
    """Many begin with nothing but their name; it is off the text, and names no place."""
    found = find_dateline("(CNN) -- " + TEXT)
    assert found is not None
    assert (found.provider, found.places) == ("CNN", ())
    assert ("(CNN) -- " + TEXT)[found.end :] == TEXT


@pytest.mark.parametrize(
    ("head", "place", "day"),
    [
        ("CAIRO - 5 October: ", "CAIRO", (None, 10, 5)),
        ("CAIRO – 5 October 2026: ", "CAIRO", (2026, 10, 5)),
        ("Cairo - October 5, 2026 - ", "Cairo", (2026, 10, 5)),
        ("GENEVA (5 October 2026) – ", "GENEVA", (2026, 10, 5)),
        ("LONDON--", "LONDON", (None, None, None)),
        ("NEW YORK—", "NEW YORK", (None, None, None)),
        ("【カイロ＝山田太郎】", "カイロ", (None, None, None)),
        ("【10月5日 AFP】", None, (None, 10, 5)),
    ],
)
def test_a_dateline_without_an_agency_beside_the_place(
    head: str, place: str | None, day: tuple[int | None, ...]
) -> None:
    """Its day may stand behind the dash or in brackets; two hyphens need no blanks."""
    found = find_dateline(head + TEXT)
    assert found is not None
    assert (found.places, (found.year, found.month, found.day)) == ((place,) if place else (), day)
    assert (head + TEXT)[found.end :] == TEXT


@pytest.mark.parametrize(
    ("head", "names"),
    [
        ("(서울=연합뉴스) 홍길동 김철수 기자 = ", ("홍길동", "김철수")),
        ("新华社北京10月5日电（记者张三、李四）", ("张三", "李四")),
        ("（中央社記者王小明台北5日電）", ("王小明",)),
        ("【カイロ＝山田太郎】", ("山田太郎",)),
        ("新华社北京10月5日体育专电（记者　张三　李四）", ("张三", "李四")),
        ("新华社北京10月5日电（记者古丽·阿合买提、张三）", ("古丽·阿合买提", "张三")),
    ],
)
def test_the_reporters_of_an_eastern_dateline(head: str, names: tuple[str, ...]) -> None:
    found = find_dateline(head + TEXT)
    assert found is not None
    assert found.reporters == names


@pytest.mark.parametrize(
    ("head", "agency", "place", "names"),
    [
        ("新华社记者张三北京10月5日电 ", "Xinhua", "北京", ("张三",)),
        ("新华社记者王小明北京10月5日电", "Xinhua", "北京", ("王小明",)),
        ("新华社记者张三、李四华盛顿10月5日电", "Xinhua", "华盛顿", ("张三", "李四")),
        ("新华社记者欧阳明月黄石10月5日电", "Xinhua", "黄石", ("欧阳明月",)),
        ("新华社记者张三北京报道：", "Xinhua", "北京", ("张三",)),
        ("（中央社記者王明台北5日電）", "CNA", "台北", ("王明",)),
        ("（中央社記者歐陽美玲新北市5日電）", "CNA", "新北市", ("歐陽美玲",)),
        ("（中央社記者王小明、陳大文台北10月5日電）", "CNA", "台北", ("王小明", "陳大文")),
        ("(中央社記者王小明紐約5日專電)", "CNA", "紐約", ("王小明",)),
        ("（中央社特派員王小明華盛頓5日專電）", "CNA", "華盛頓", ("王小明",)),
        ("（中央社實習記者王小明／台北5日電）", "CNA", "台北", ("王小明",)),
        ("（中央社記者王小明雅加達特稿）", "CNA", "雅加達", ("王小明",)),
        ("（中央社記者王小明台北2026年10月5日電）", "CNA", "台北", ("王小明",)),
        ("（中央社訊息服務20261005 10:00:00）", "CNA", None, ()),
        ("〔記者王小明／台北報導〕", None, "台北", ("王小明",)),
        ("【記者王小明台北報導】", None, "台北", ("王小明",)),
    ],
)
def test_reporter_and_place_without_a_sign_between_them(
    head: str, agency: str | None, place: str | None, names: tuple[str, ...]
) -> None:
    """A table of places parts them; else the length that most names have."""
    found = find_dateline(head + TEXT)
    assert found is not None
    assert (found.provider, found.reporters) == (agency, names)
    assert found.places == ((place,) if place else ())
    assert (head + TEXT)[found.end :] == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "新华社记者张三在北京采访时说，码头将继续开放，10月5日电话已通。",
        "中央社記者王小明昨天在台北說，碼頭將繼續開放。",
        "（記者會）市長5日表示，碼頭將繼續開放。",
    ],
)
def test_a_sentence_about_reporters_is_no_dateline(text: str) -> None:
    assert find_dateline(text) is None


@pytest.mark.parametrize(("agency", "head", "place", "day"), STYLES, ids=str)
def test_the_dateline_of_an_agency(
    agency: str, head: str, place: str, day: tuple[int, int] | None
) -> None:
    """Place, day and provider are read; the text begins where the dateline ends."""
    found = find_dateline(head + TEXT)
    assert found is not None
    assert found.provider == agency
    assert found.places[0] == place
    assert day is None or (found.month, found.day) == day
    assert (head + TEXT)[found.end :] == TEXT


def test_there_are_sixty_agencies() -> None:
    assert len({agency for agency, *_ in STYLES}) >= 60


@pytest.mark.parametrize(
    "text",
    [
        "Ada Brenner (AFP)",
        "Brazil's “Cruzado” anti-inflation plan - the third in two years - has failed, they say.",
        "President Smith (Reuters has learnt) will travel to Oslo on Monday",
        "Reporter John Doe (AFP) Miller was among those who were held at the border.",
        "Oil prices (Brent crude) rose - and fell again - on Monday",
        "Oct 5 - the day on which the treaty was signed - is a holiday",
        "Paris, London and Rome - three capitals - agreed on Monday",
        "Belga, the agency, said - wrongly - that the ferry would go out of service",
        "Kyodo News said on Oct. 5 that the minister of transport had visited the harbour",
        "Trend lines, Beta versions and other words - none of them agencies - begin it.",
        "Section 5 (Trade) - as it stands - was agreed on Monday by the ministers",
        "The Saba family, which owns the pier, said on October 5 that it would be open.",
        "Am 5. Oktober (Montag) - so der Bürgermeister - wird die Fähre fahren.",
        "(서울시) 시장은 월요일에 항구를 방문했다고 말했다.",
        "Storm damage – 5 October in brief: the pier, the mole and the lamp were all hit.",
        "The pier (5 October 2026) – a picture of it hangs in the hall – was hit by a boat.",
        "FREEDOM--it is said--comes at a price that not everybody is willing to pay at once.",
        "PARIS. AFP reporters who were at the pier said on Monday that it had been closed.",
        "【独自】市長は月曜日に桟橋を訪れたと述べた。",
        "（AP通信によると）市長は月曜日に桟橋を訪れた。",
        "中国社会5日电影节开幕，渡轮将继续运营。",
        "北京市市长10月5日在会议上表示，渡轮将继续运营。",
        "وذكرت وكالة (سانا) - أن الرئيس زار المرفأ يوم الاثنين وقال إن الرصيف سيبقى مفتوحا",
        "وأضافت (قنا) أن الأمير استقبل الوفد يوم الاثنين في الديوان الأميري وسط المدينة",
        "سوريا - كما لبنان - تعاني من أزمة اقتصادية حادة منذ سنوات طويلة كما قال الوزير",
        "रविवार को (भाषा) के अनुसार मंत्री ने कहा कि बंदरगाह खुला रहेगा",
        "ТАСС, 5 октября сообщил, что порт останется открытым для всех судов и лодок.",
        "В ТАСС, 5 октября. Прошла пресс-конференция министра транспорта о портах страны.",
        "Monday, October 5 - The council meets at noon on Monday at the town hall.",
        "Updated, October 5 - The council meets at noon on Monday at the town hall.",
        "SPA-FRANCORCHAMPS, Belgium 1996-08-23",
        "The TT race - the best in years - was won by a local rider on Monday after a fall.",
        "The Isle of Man/TT. The race was won by a local rider on Monday after a fall.",
        "MADRID, 5 (de los 20) ministros acudieron el lunes a la reunión sobre los puertos.",
        "Helsinki 5.10. oli STT:n mukaan rauhallinen päivä satamassa, jossa laivat seisoivat.",
        "Der Bürgermeister von Halle (Saale) (dpa berichtete) - sagte am Montag ab.",
    ],
)
def test_a_first_sentence_is_no_dateline(text: str) -> None:
    """Dashes, brackets, dates and agencies' names within a sentence cut nothing off it."""
    assert find_dateline(text) is None


def test_a_head_of_dashes_takes_no_time() -> None:
    """Names of agencies have dashes in them: a row of these is read in one way."""
    begun = time.process_time()
    find_dateline("PORT ELWIN, Norland (AP" + "-" * 200)
    assert time.process_time() - begun < 0.1


def test_an_evening_hour_behind_the_day_is_no_year() -> None:
    """Else the story would stand in the lake a century ago."""
    found = find_dateline("LISBON, Oct 6 1900 GMT (Reuters) - Ferries stop running on Sunday.")
    assert found is not None
    assert (found.month, found.day, found.year) == (10, 6, None)
    by_the_sea = find_dateline("OSLO, Oct 6 1900 CET (NTB) - Ferries stop running on Sunday.")
    assert by_the_sea is not None
    assert by_the_sea.year is None
    of_a_year = find_dateline("LISBON, Oct 6 2019 (Reuters) - Ferries stop running on Sunday.")
    assert of_a_year is not None
    assert of_a_year.year == 2019
