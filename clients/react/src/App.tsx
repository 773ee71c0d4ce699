// The page: a language, a task, a picture, an answer.
import { ConfigProvider, Segmented } from "antd";
import enUS from "antd/locale/en_US";
import esES from "antd/locale/es_ES";
import { useEffect, useState } from "react";

import { Workbench } from "./Workbench";
import { firstLanguage, keepLanguage, SpeechContext, TEXTS, type Language } from "./language/language";

const THEME = {
  token: {
    colorPrimary: "#0f766e",
    colorTextPlaceholder: "#5b6472", // Ant Design's own is too pale to read
    borderRadius: 8,
    fontSize: 16,
  },
};

export function App() {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const texts = TEXTS[language];
  useEffect(() => { document.documentElement.lang = language; }, [language]);
  const choose = (chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  return (
    <ConfigProvider locale={language === "es" ? esES : enUS} theme={THEME}>
      <SpeechContext value={{ language, texts }}>
        <header className="bg-accent text-white">
          <div className="mx-auto flex max-w-6xl flex-wrap items-center justify-between gap-3 px-4 py-3">
            <div>
              <h1 className="text-xl font-semibold">{texts.title}</h1>
              <p>{texts.tagline}</p>
            </div>
            <Segmented<Language>
              aria-label={texts.language}
              value={language}
              onChange={choose}
              options={[
                { value: "en", label: "English" },
                { value: "es", label: "Español" },
              ]}
            />
          </div>
        </header>
        <Workbench />
      </SpeechContext>
    </ConfigProvider>
  );
}
